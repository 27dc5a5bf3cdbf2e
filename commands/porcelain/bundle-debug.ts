import { command } from '../../src/cli/command.js';
import { choice, integer, text, time } from '../../src/cli/options.js';
import { DEBUG_MODES } from '../../src/core/debug/document-formats.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { DebugScope } from '../../src/ops/debug/debug-request.js';

/** `hs bundle debug`: packs evidence of a problem, with secrets removed (I6). */
export const bundleDebug = command({
  name: 'bundle debug',
  class: 'porcelain',
  opens: 'write',
  summary: 'pack evidence of a problem, with secrets removed',
  description: `Makes a bundle artifact about one artifact, one job (HS_JOB_ID) or a period of time; hs-export(1) writes it to a file or directory, and hs-bundle-verify(1) checks it. It contains \`bundle_manifest.json\`; \`trace.jsonl\`, the entries of the ledger (at most the newest 10000); \`jobs.json\` (\`job.json\` for one job); \`diagnostics.jsonl\`, what was refused, failed or found damaged; \`artifacts.jsonl\`, the manifests; \`env.json\`, the program and the platform, without paths, variables or secrets; \`retention_report.json\`, which evidence is available, which is not, and why; \`redaction_report.json\`, where something was removed and by which detector, never what; and \`repro.md\` and \`coder_prompt.md\` for the person or program that looks into it.

In mode \`safe\`, the default, only ids, times, counts, hashes and hs's own words remain. Every name, label, reason, note, argument, path and user name is replaced, equal values by equal tokens, by \`[REDACTED:text:withheld#TOKEN]\`, or \`[REDACTED:CATEGORY:DETECTOR]\` where a detector of hs-scan(1) finds something in it. Hashes of restricted content are removed too. In mode \`workspace\` these texts remain, but whatever the detectors find is removed, absolute paths included; paths in the workspace become relative, and the first 500 characters of those text payloads are added that hs-export(1) lets out without consent. Secrets of unknown form are not detected. In mode \`full\` nothing is removed and the payloads that you may read are members of the bundle; it is as sensitive as the artifacts, and not exportable unless the policy sets export.full_debug_bundles.

The same ledger entries, store state, scope and mode give the same bytes. No timestamp comes from the clock.`,
  options: {
    artifact: text('ID', 'about this artifact, its sources and its history', { complete: 'artifact' }),
    job: text('JOB', 'about what was done on behalf of this job'),
    since: time('TIME', 'about everything since TIME'),
    until: time('TIME', 'with --since, nothing after TIME'),
    mode: choice(DEBUG_MODES, 'MODE', 'how much to include: safe (default), workspace or full'),
    name: text('NAME', 'name the bundle', { complete: 'name' }),
    ttl: integer('DAYS', 'keep it at most this many days', { min: 0, max: MAX_TTL_DAYS }),
  },
  resultSchema: 'hs.bundle-debug/1',
  examples: [
    { command: 'hs bundle debug --artifact nightly', explains: 'Pack the history of an artifact.' },
    {
      command: 'hs export "$(hs bundle debug --since -1d)" debug.tar --format tar',
      explains: 'Write what happened since yesterday to a file that can be shared.',
    },
  ],
  exits: {
    3: 'a payload could not be included; the report in the bundle says why',
    4: 'there is no such artifact, or no entry in that scope',
  },
  seeAlso: ['hs-bundle-verify(1)', 'hs-export(1)', 'hs-scan(1)', 'hs-log(1)', 'hs-policy(1)'],
  async run({ options, session, log, exit }) {
    const { createDebugBundle } = await import('../../src/ops/debug/create-debug-bundle.js');
    const { mode, name, ttl } = options;
    const made = await createDebugBundle(await session(), {
      scope: scopeOf(options),
      ...compact({ mode, name, ttl }),
    });
    for (const { artifact_id, reason } of made.leftOut)
      log.warn(`left out '${artifact_id.slice(0, 8)}': ${reason}`);
    if (made.leftOut.length > 0) exit(3);
    log.note(
      `${made.mode}: ${counted(made.events, 'event')}, ${counted(made.jobs, 'job')}, ${counted(made.diagnostics, 'diagnostic')}, ${counted(made.artifacts, 'artifact')}; ${counted(made.redactions, 'redaction')}`,
    );
    if (!made.exportable) log.note('it is not exportable');
    return {
      artifact_id: made.artifactId,
      content_hash: made.contentHash,
      mode: made.mode,
      exportable: made.exportable,
      size_bytes: made.sizeBytes,
      events: made.events,
      jobs: made.jobs,
      diagnostics: made.diagnostics,
      artifacts: made.artifacts,
      redactions: made.redactions,
      missing: made.missing,
      left_out: made.leftOut,
    };
  },
  render: ({ artifact_id }) => artifact_id,
});

interface Given {
  readonly artifact: string | undefined;
  readonly job: string | undefined;
  readonly since: Extract<DebugScope, { kind: 'time' }>['since'] | undefined;
  readonly until: Extract<DebugScope, { kind: 'time' }>['until'] | undefined;
}

function scopeOf({ artifact, job, since, until }: Given): DebugScope {
  if ([artifact, job, since].filter((s) => s !== undefined).length !== 1) {
    throw new HsError('USAGE', 'give one of --artifact ID, --job JOB and --since TIME');
  }
  if (until !== undefined && since === undefined) throw new HsError('USAGE', "'--until' needs '--since'");
  if (artifact !== undefined) return { kind: 'artifact', artifact };
  if (job !== undefined) return { kind: 'job', job };
  return { kind: 'time', since: since!, ...(until === undefined ? {} : { until }) };
}
