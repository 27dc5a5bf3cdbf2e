import { command } from '../../src/cli/command.js';
import { PassThrough } from '../../src/cli/io/pass-through.js';
import { choice, flag, integer, list, text } from '../../src/cli/options.js';
import { afterDashes } from '../../src/cli/positionals.js';
import { counted, humanSize } from '../../src/cli/text/human.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { RunResult } from '../../src/ops/run/run-request.js';
import { BACKEND_NAMES, HIDDEN_DIRS, type OutputStream } from '../../src/sandbox/sandbox-types.js';

const STREAMS: readonly OutputStream[] = ['stdout', 'stderr'];
const OUTPUT_KINDS = KINDS.filter((kind) => kind !== 'bundle');

function streams(raw: string): OutputStream[] {
  return raw.split(',').map((name) => {
    const stream = STREAMS.find((s) => s === name);
    if (stream === undefined) throw new HsError('USAGE', `'${name}' is not one of ${STREAMS.join(', ')}`);
    return stream;
  });
}

/** `hs run`: a tool, and artifacts instead of what it would have written. */
export const run = command({
  name: 'run',
  class: 'porcelain',
  opens: 'write',
  failsWith: 125,
  summary: 'run a tool that can leave nothing but artifacts',
  description: `COMMAND runs where it can write only to a few directories of its own: \`$HS_OUT\`, \`$HOME\`, \`$XDG_CACHE_HOME\` and \`$TMPDIR\`. The workspace is read-only, or looks writable and stays as it is; the store cannot be seen, or at least not written; there is no network without \`--net\`. When COMMAND ends with 0, what it left in \`$HS_OUT\` becomes one directory artifact, or with \`--each\` one artifact for each entry; the rest of what it wrote is gone. Everything is registered in one commit, with its provenance: the program, a hash of its arguments, the times, the inputs, and how much of all this was enforced.

What COMMAND prints passes through as it prints it. The ids of the artifacts are said on standard error; scripts take them from \`--json\` or \`--jsonl\`, with which the standard output of COMMAND goes to standard error too. Standard input is handed on through a pipe. Signals go to COMMAND; ten seconds after one that asks it to end, or with a second one, it is killed with all its processes.

Only regular files and directories are taken. A link, a special file, a file that is setuid or setgid and a name that breaks the path rules are refused by name: the rest is registered, labelled \`hs.refused\`, and the status is 125. A directory without files is left out.

The payload of each \`--source\` is a copy at \`$HS_IN/NAME\`, a file or a directory: NAME is the artifact's name, else its filename hint, else its id, and the id as well where two would have one place. What COMMAND leaves and prints is as sensitive as they are: of their classifications the highest, exportable only if all of them are, and, where a TTL is needed and none is given, with the shortest of theirs. A lower \`--classification\` needs the capability artifact.reclassify. A source that becomes stricter while COMMAND works makes what COMMAND leaves as strict, whatever was asked for.

The backend is the best that works here; each is tried with forbidden writes before COMMAND starts. \`bubblewrap-overlay\` (level enforced+observed) prevents writes and lists those to the workspace. \`bubblewrap\` (isolated) prevents them and keeps COMMAND from the store, from other processes, and from the terminals and the keys of the user. \`landlock\` and \`sandbox-exec\` (enforced) prevent writes. \`none\` prevents nothing, compares the workspace before and after (detected), and is used only when it is asked for. The policy's \`run.least_level\` is the weakest level that is accepted: under it COMMAND is not started.

What is not confined: COMMAND can read whatever the user can read, but the store (not under landlock without namespaces), and under bubblewrap \`/tmp\`, \`/var/tmp\` and \`/run\`; so secrets in the home directory can be copied into the output, and with \`--net\` be sent away. It can connect to unix sockets outside those directories. Its use of the processor and of memory is not limited. It gets the environment, but for what leads to agents and daemons. Bubblewrap hides other processes; landlock does where it gets namespaces. \`none\` confines nothing at all. What the chosen backend leaves open on this machine is recorded with every artifact as gaps; \`--verbose\` prints them, and \`hs doctor\` shows the level of each backend.

The output may be as large as the policy's budget for the actor says, and without one half of what the disk has free; a tool that goes beyond is killed and nothing is registered.`,
  positionals: { command: afterDashes('COMMAND', 'the program and its arguments') },
  options: {
    name: text('NAME', 'name the output; with --each NAME/ENTRY, transcripts NAME.stdout', {
      complete: 'name',
    }),
    kind: choice(OUTPUT_KINDS, 'KIND', 'what the output is (default: tool_output)', { complete: 'kind' }),
    each: flag(undefined, 'one artifact for each entry of $HS_OUT, not one for all'),
    source: list('ID', 'an artifact that the tool reads below $HS_IN', { complete: 'artifact' }),
    capture: list('STREAMS', 'keep stdout, stderr or stdout,stderr as transcripts', { parse: streams }),
    keepFailed: flag(undefined, 'register the output of a tool that failed, too'),
    recordArgs: flag(undefined, 'record the arguments themselves, not only their hash'),
    sandbox: choice(BACKEND_NAMES, 'BACKEND', 'use this one; none is no sandbox at all'),
    strict: flag(undefined, 'fail with 124 when a write elsewhere was caught'),
    net: flag(undefined, 'leave the network open'),
    class: choice(RETENTION_CLASSES, 'CLASS', 'retention class (by default, that of the kind)'),
    ttl: integer('DAYS', 'days it may be kept, from now', { min: 0, max: 36_500 }),
    classification: choice(
      CLASSIFICATIONS,
      'LEVEL',
      'how sensitive it is (default: as its sources, else low)',
    ),
  },
  resultSchema: 'hs.run/1',
  list: 'artifacts',
  examples: [
    {
      command: 'hs run --name nightly -- sh -c \'make && cp -r dist "$HS_OUT"\'',
      explains: 'Build, and keep what was built.',
    },
    {
      command: 'hs run --source dataset --capture stdout,stderr --strict -- ./evaluate.py',
      explains: 'Run on an artifact, keep what it prints, and fail when it writes anywhere else.',
    },
  ],
  exits: {
    0: 'the tool ended with 0, and its output is registered; any other status is the tool’s own, 128 + n for a signal',
    124: 'with --strict: a write elsewhere was caught',
    125: 'hs itself failed: no sandbox, a usage error, refused by policy, an output that is not registered',
    126: 'COMMAND is not executable',
    127: 'COMMAND was not found',
  },
  environment: {
    HS_OUT: 'set for COMMAND: an empty directory; what is left there becomes the output',
    HS_IN: 'set for COMMAND where --source was given: the inputs, read-only',
    TMPDIR: 'where what the sandbox needs is kept meanwhile; outside the workspace',
  },
  seeAlso: ['hs-put(1)', 'hs-show(1)', 'hs-doctor(1)', 'hs-policy(1)'],
  async run(context) {
    const { args, options, globals, environment, host, log, path, terminal } = context;
    const document = globals.json || globals.jsonl;
    const out = new PassThrough(
      () => (document ? host.stderr : host.stdout),
      document ? terminal.stderr : terminal.stdout,
    );
    const err = new PassThrough(() => host.stderr, terminal.stderr);
    const [{ runTool }, session] = await Promise.all([
      import('../../src/ops/run/run-tool.js'),
      context.session(),
    ]);
    const result = await runTool(session, {
      command: args.command,
      cwd: environment.cwd,
      env: environment.all(),
      stdin: 'inherit',
      each: options.each,
      sources: options.source,
      capture: [...new Set(options.capture.flat())],
      keepFailed: options.keepFailed,
      recordArgs: options.recordArgs,
      strict: options.strict,
      network: options.net,
      onOutput: (stream, chunk) => (stream === 'stdout' ? out : err).write(chunk),
      takeSignals: context.takeSignals,
      ...compact({
        name: options.name,
        kind: options.kind,
        retentionClass: options.class,
        ttl: options.ttl,
        classification: options.classification,
        backend: options.sandbox,
      }),
    }).finally(async () => {
      await out.end();
      await err.end();
    });
    tell(result, log);
    const failure = failureOf(result);
    if (failure !== undefined && !document) log.error(failure);
    if (result.notRun !== undefined && !document) {
      const [program] = args.command;
      log.error(`cannot run '${program}': ${result.notRun}`, notRunHint(result, program!, path(program!)));
    }
    context.exit(result.status);
    return {
      ...compact({ not_run: result.notRun }),
      run_id: result.runId,
      status: result.status,
      exit_status: result.toolStatus,
      started_at: result.startedAt,
      ended_at: result.endedAt,
      sandbox: result.sandbox,
      lost: result.lost,
      artifacts: result.artifacts.map((a) =>
        compact({
          artifact_id: a.artifactId,
          kind: a.kind,
          content_hash: a.contentHash,
          payload_type: a.payloadType,
          size_bytes: a.sizeBytes,
          files: a.files,
          name: a.name,
          filename_hint: a.filenameHint,
        }),
      ),
      inputs: result.inputs.map(({ artifactId, path }) => ({ artifact_id: artifactId, path })),
      stray_writes: result.stray,
      refused: result.refused,
      empty_directories: result.emptyDirectories,
    };
  },
});

/** Why the status is not the tool's own. */
function failureOf({ status, stray, refused }: RunResult): string | undefined {
  if (status === 124)
    return `the tool wrote outside its capture directory: ${counted(stray.length, 'write')}`;
  if (status !== 125 || refused.length === 0) return undefined;
  return `${counted(refused.length, 'entry was', 'entries were')} refused, and only the rest is registered`;
}

/** `at` is where a command with a slash in it would be. */
function notRunHint({ notRun, sandbox }: RunResult, program: string, at: string): string | undefined {
  const byPath = program.includes('/');
  if (notRun === 'permission denied' && byPath) return `chmod +x '${at}' makes a file executable`;
  if (notRun !== 'not found') return undefined;
  const hides = sandbox.backend.startsWith('bubblewrap');
  const hidden = `what lies in ${HIDDEN_DIRS.join(', ').replace(/, ([^,]*)$/, ' and $1')} is hidden in the sandbox`;
  if (byPath) {
    const isHidden = hides && HIDDEN_DIRS.some((dir) => at.startsWith(`${dir}/`));
    return isHidden ? `${hidden}: put the program into the workspace` : undefined;
  }
  return `a name without a slash is looked for in PATH${hides ? `, and ${hidden}` : ''}`;
}

interface Notes {
  note(message: string): void;
  warn(message: string): void;
  detail(message: string): void;
}

/** What a person must know of a run: a few lines by name, the rest as a number. */
function tell(result: RunResult, log: Notes): void {
  const { sandbox, stray, refused, artifacts, emptyDirectories, unportable, inputs } = result;
  log.detail(`sandbox ${sandbox.backend}, level ${sandbox.level}`);
  for (const gap of sandbox.gaps) log.detail(`gap: ${gap}`);
  for (const { artifactId, path } of inputs) log.detail(`input ${artifactId.slice(0, 8)} was $HS_IN/${path}`);
  const undone = sandbox.level === 'enforced+observed' ? 'caught a write elsewhere' : 'the workspace changed';
  few(
    stray,
    (s) => log.warn(`${undone}: ${s.kind} '${s.from === undefined ? '' : `${s.from}' to '`}${s.path}'`),
    (more) => log.warn(`and ${counted(more, 'more write')} elsewhere`),
  );
  few(
    refused,
    ({ path, why }) => log.warn(`refused '${path}': ${why}`),
    (more) => log.warn(`refused ${counted(more, 'more entry', 'more entries')}`),
  );
  if (emptyDirectories.length > 0) {
    log.note(`left out ${counted(emptyDirectories.length, 'empty directory', 'empty directories')}`);
  }
  few(
    unportable,
    ({ path, kind }) => log.warn(`'${path}' is not portable: ${kind.replaceAll('-', ' ')}`),
    (more) => log.warn(`${counted(more, 'more path is', 'more paths are')} not portable`),
  );
  few(
    artifacts,
    (a) => {
      const label = a.name ?? a.filenameHint;
      const size = `${counted(a.files, 'file')}, ${humanSize(a.sizeBytes)}`;
      log.note(
        `stored ${a.artifactId.slice(0, 8)} ${a.kind}${label === undefined ? '' : ` '${label}'`} (${size})`,
      );
    },
    (more) => log.note(`stored ${counted(more, 'more artifact')}`),
  );
  const failed = result.toolStatus === 0 ? 'the tool wrote elsewhere' : 'the tool failed';
  if (result.lost) log.note(`${failed}, and what it left is gone (--keep-failed keeps it)`);
  else if (artifacts.length + refused.length === 0 && result.toolStatus === 0) {
    log.note('the tool left nothing in $HS_OUT');
  }
}

/** Hostile tools make up messages by the million. */
const SHOWN = 20;

function few<T>(items: readonly T[], say: (item: T) => void, more: (count: number) => void): void {
  for (const item of items.slice(0, SHOWN)) say(item);
  if (items.length > SHOWN) more(items.length - SHOWN);
}
