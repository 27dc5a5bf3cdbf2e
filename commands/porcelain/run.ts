import { command } from '../../src/cli/command.js';
import { PassThrough } from '../../src/cli/io/pass-through.js';
import { choice, flag, integer, list, text } from '../../src/cli/options.js';
import { afterDashes } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { counted, humanSize } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { RunResult } from '../../src/ops/run/run-request.js';
import { HIDDEN_DIRS, hiddenDirsText } from '../../src/sandbox/hidden-dirs.js';
import { BACKEND_NAMES, type OutputStream } from '../../src/sandbox/sandbox-types.js';

const STREAMS: readonly OutputStream[] = ['stdout', 'stderr'];
const OUTPUT_KINDS = KINDS.filter((kind) => kind !== 'bundle');

function streams(raw: string): OutputStream[] {
  return raw.split(',').map((name) => {
    const stream = STREAMS.find((s) => s === name);
    if (stream === undefined) throw new HsError('USAGE', `'${name}' is not one of ${STREAMS.join(', ')}`);
    return stream;
  });
}

/** `hs run`: runs a tool in a sandbox and stores its output. */
export const run = command({
  name: 'run',
  class: 'porcelain',
  opens: 'write',
  failsWith: 125,
  summary: 'run a tool and store its output as artifacts',
  description: `Runs COMMAND so that it can write only to its own directories: \`$HS_OUT\`, \`$HOME\`, \`$XDG_CACHE_HOME\` and \`$TMPDIR\`. The workspace is read-only, or appears writable and stays unchanged. The store cannot be seen, or at least not written. There is no network without \`--net\`. When COMMAND exits with 0, the contents of \`$HS_OUT\` become one directory artifact, or with \`--each\` one artifact for each entry; everything else it wrote is discarded. All artifacts are registered in one commit, with their provenance: the program, a hash of its arguments, the times, the inputs, and the level of confinement.

The output of COMMAND passes through as it is printed. The ids of the artifacts are reported on standard error; scripts read them with \`--json\` or \`--jsonl\`, which also send the standard output of COMMAND to standard error. Standard input is passed through a pipe. Signals are passed to COMMAND; ten seconds after one that asks it to end, or on a second one, it is killed with all its processes.

Only regular files and directories are stored. Symbolic links, special files, setuid and setgid files, and names that break the path rules are refused by name. The rest is registered with the label \`hs.refused\`, and the status is 125. A directory without files is left out.

Each \`--source\` is copied to \`$HS_IN/NAME\`, a file or a directory. NAME is the artifact's name, or else its filename hint, or else its id; the id is appended if two would collide. The output of COMMAND is as sensitive as its sources: it takes the highest of their classifications, is exportable only if all of them are, and, where a TTL is needed and none is given, takes the shortest of theirs. A lower \`--classification\` needs the capability artifact.reclassify. If a source becomes stricter while COMMAND runs, its output becomes as strict, whatever was requested.

By default hs uses the strongest backend that works on this machine; each is tested with forbidden writes before COMMAND starts. \`bubblewrap-overlay\` (level enforced+observed) prevents writes and lists those to the workspace. \`bubblewrap\` (isolated) prevents writes and hides the store, other processes, terminals and the user's keys. \`landlock\` and \`sandbox-exec\` (enforced) prevent writes. \`none\` prevents nothing, compares the workspace before and after (detected), and is used only on request. The policy's \`run.least_level\` is the weakest level that is accepted; below it COMMAND is not started.

What is not confined: COMMAND can read whatever the user can read, except the store (which landlock without namespaces cannot hide) and, under bubblewrap, ${hiddenDirsText((dir) => `\`${dir}\``)}. It can therefore copy secrets from the home directory into its output and, with \`--net\`, send them away. It can connect to unix sockets outside those directories. Its use of processor time and memory is not limited. It gets the environment, without the variables that lead to agents and daemons. Bubblewrap hides other processes, and so does landlock if it has namespaces. \`none\` confines nothing. What the backend leaves open on this machine is recorded with every artifact as gaps; \`--verbose\` prints them, and \`hs doctor\` shows the level of each backend.

The output, with the transcripts, may be as large as the policy's budget for the actor, or, without a budget, half of the free disk space. A tool that exceeds this is killed, and nothing is registered.`,
  positionals: { command: afterDashes('COMMAND', 'the program and its arguments') },
  options: {
    name: text('NAME', 'name of the output; NAME/ENTRY with --each, NAME.stdout for transcripts', {
      complete: 'name',
    }),
    kind: choice(OUTPUT_KINDS, 'KIND', 'kind of the output (default: tool_output)', { complete: 'kind' }),
    each: flag(undefined, 'store each entry of $HS_OUT as an artifact'),
    source: list('ID', 'an artifact to provide below $HS_IN', { complete: 'artifact' }),
    capture: list('STREAMS', 'store stdout, stderr or stdout,stderr as transcripts', { parse: streams }),
    keepFailed: flag(undefined, 'store the output even if the tool fails'),
    recordArgs: flag(undefined, 'record the arguments, not only their hash'),
    sandbox: choice(BACKEND_NAMES, 'BACKEND', 'use this sandbox; none is no sandbox at all'),
    strict: flag(undefined, 'fail with 124 if a write elsewhere was caught'),
    net: flag(undefined, 'allow network access'),
    class: choice(RETENTION_CLASSES, 'CLASS', 'retention class (default: that of the kind)'),
    ttl: integer('DAYS', 'time to live in days, from now', { min: 0, max: 36_500 }),
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
      explains: 'Build, and store the result.',
    },
    {
      command: 'hs run --source dataset --capture stdout,stderr --strict -- ./evaluate.py',
      explains: 'Run on an artifact, store what it prints, and fail if it writes anywhere else.',
    },
  ],
  exits: {
    0: 'the tool exited with 0, and its output is registered; any other status is that of the tool, 128 + n for a signal',
    124: 'with --strict: a write elsewhere was caught',
    125: 'hs itself failed: no sandbox, a usage error, a refusal by policy, output that could not be registered',
    126: 'COMMAND is not executable',
    127: 'COMMAND was not found',
  },
  environment: {
    HS_OUT: 'set for COMMAND: an empty directory, whose contents become the output',
    HS_IN: 'set for COMMAND with --source: the inputs, read-only',
    TMPDIR: 'where the sandbox keeps its temporary files; outside the workspace',
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

/** Why the exit status is not the tool's own. */
function failureOf({ status, stray, refused }: RunResult): string | undefined {
  if (status === 124)
    return `the tool wrote outside its capture directory: ${counted(stray.length, 'write')}`;
  if (status !== 125 || refused.length === 0) return undefined;
  return `${counted(refused.length, 'entry was', 'entries were')} refused; only the rest is registered`;
}

/** `at` is the location of a command with a slash in its name. */
function notRunHint({ notRun, sandbox }: RunResult, program: string, at: string): string | undefined {
  const byPath = program.includes('/');
  if (notRun === 'permission denied' && byPath) return `chmod +x '${at}' makes a file executable`;
  if (notRun !== 'not found') return undefined;
  const hides = sandbox.backend.startsWith('bubblewrap');
  const hidden = `everything in ${hiddenDirsText()} is hidden in the sandbox`;
  if (byPath) {
    const isHidden = hides && HIDDEN_DIRS.some((dir) => at.startsWith(`${dir}/`));
    return isHidden ? `${hidden}: put the program into the workspace` : undefined;
  }
  return `a name without a slash is searched for in PATH${hides ? `, and ${hidden}` : ''}`;
}

interface Notes {
  note(message: string): void;
  warn(message: string): void;
  detail(message: string): void;
}

/** Warnings about a run: a few by name, the rest as a count. */
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
  if (result.lost) log.note(`${failed}, and its output was discarded (--keep-failed keeps it)`);
  else if (artifacts.length + refused.length === 0 && result.toolStatus === 0) {
    log.note('the tool left nothing in $HS_OUT');
  }
}

/** A hostile tool can cause millions of messages. */
const SHOWN = 20;

function few<T>(items: readonly T[], say: (item: T) => void, more: (count: number) => void): void {
  for (const item of items.slice(0, SHOWN)) say(item);
  if (items.length > SHOWN) more(items.length - SHOWN);
}
