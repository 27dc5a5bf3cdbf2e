import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { choice, flag, integer, list, text } from '../../src/cli/options.js';
import { keyAndValue, labelsOf, pair } from '../../src/cli/parse/pairs.js';
import { afterDashes, many } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { PutResult } from '../../src/ops/put/put.js';
import type { PutLine } from '../../src/ops/put/put-lines.js';
import type { PutSource } from '../../src/ops/put/put-source.js';
import { BATCH_RULES, MANIFEST_LINES, readLines, refuseBesides } from '../shared/manifest-lines.js';
import { tellOfPut } from '../shared/put-notes.js';

const MAX_EXCLUDE_BYTES = 1024 * 1024;

/** `hs put`: each path, or standard input, becomes one artifact; all of them in one commit. */
export const put = command({
  name: 'put',
  class: 'porcelain',
  opens: 'write',
  summary: 'store files and directories as artifacts',
  description: `Each PATH, a file or a whole directory, becomes one artifact; \`-\` is standard input. Everything named in one call is registered in one commit: if anything cannot be read, or changes while it is read, nothing is registered. The ids are printed one per line, in the order of the paths.

A PATH that is a symbolic link stands for what it leads to. Symbolic links in a directory, FIFOs, devices, and names that are not UTF-8 or contain control characters are refused, with the path. Empty directories are left out, because a payload is a list of files; so is whatever \`--exclude\` matches. Both are reported. A GLOB that contains a slash matches paths relative to the directory that is stored. A GLOB that matches nothing is a warning, and with \`--strict-exclude\` an error. Bytes that are not UTF-8 are shown as \`\\xe9\`, one escape per byte, control characters as \`\\x0a\`, and both can be written that way in a GLOB.

The media type in the manifest comes from the extension of the file name; without one it is application/octet-stream.

If its owner may execute a file, it is exported as an executable file again. In a directory the index records this, for a single file the label \`hs.executable\`.

If the store already has the same content and its bytes are damaged (see hs-fsck(1)), they are written again.

The kind prompt_payload and the classification high require \`--ttl\`.

With \`--if-changed\`, nothing is registered if the newest artifact of that name has the same payload, and the kind, class, TTL, classification and layer that are given, unless the next collection would remove it; its id is printed. Its TTL goes on as it was (hs-retain(1) renews it). Labels, entities and sources are not compared.

With \`--manifest-lines\`, each line describes one artifact: \`path\`, and optionally \`name\`, \`kind\`, \`class\`, \`ttl\`, \`classification\`, \`exportable\`, \`layer\`, \`pin\`, \`labels\` (an object), \`entities\` (objects with \`entity_kind\` and \`entity_id\`) and \`sources\` (a list of IDs). A line may give itself a \`ref\`; later lines name its artifact among their sources as \`ref:REF\`. Options of the command apply to all lines; a line's own go before them, and labels, entities and sources are added. ${BATCH_RULES} \`hs schema hs.put-line/1\` prints the schema of a line.

With \`--from-command\`, COMMAND is run with the standard input and error of hs, and what it prints on its standard output becomes one artifact while it runs. If COMMAND fails, nothing is registered, and the exit status is that of COMMAND: 128 + n for a signal, 126 if it cannot be run, 127 if it was not found. COMMAND runs in a session without a controlling terminal: a program that asks for a password on /dev/tty cannot. It is not confined (see hs-run(1)), and the capability tool.run is needed.`,
  nul: true,
  synopsis: [
    'hs put [OPTION]... [PATH...]',
    'hs put [OPTION]... --manifest-lines FILE',
    'hs put [OPTION]... --from-command -- COMMAND...',
  ],
  positionals: {
    paths: many('PATH', { complete: 'file' }),
    program: afterDashes('COMMAND', 'with --from-command: the program and its arguments', 'fromCommand'),
  },
  options: {
    name: text('NAME', 'name of the artifact; artifacts of the same name are versions', { complete: 'name' }),
    kind: choice(KINDS, 'KIND', 'kind of artifact', { complete: 'kind' }),
    class: choice(RETENTION_CLASSES, 'CLASS', 'retention class (default: that of the kind)'),
    ttl: integer('DAYS', 'time to live in days, from now', { min: 0, max: 36_500 }),
    classification: choice(CLASSIFICATIONS, 'LEVEL', 'how sensitive it is (default: low)'),
    layer: choice(['L3', 'L4'], 'LAYER', 'L3 is ordinary work, L4 ephemeral (default: L3)'),
    source: list('ID', 'an artifact it was made from', { complete: 'artifact' }),
    entity: list('KIND:ID', 'something outside the store that it describes', {
      parse: pair(':', 'KIND:ID'),
    }),
    label: list('KEY=VALUE', 'a label', { parse: keyAndValue }),
    pin: text('NAME', 'pin it as NAME in the same commit', { complete: 'pin' }),
    each: flag(undefined, 'store each entry of a directory as an artifact, named NAME/ENTRY with --name'),
    ifChanged: flag(undefined, 'register nothing if the newest artifact of that name is the same'),
    stdinPaths: flag(undefined, 'read paths from standard input, one per line'),
    manifestLines: MANIFEST_LINES,
    fromCommand: flag(undefined, 'store what COMMAND prints, if it succeeds'),
    exclude: list('GLOB', 'leave out paths that match; without a slash, at any depth'),
    strictExclude: flag(undefined, 'fail when a GLOB matches nothing'),
    excludeFrom: text('FILE', 'read globs from FILE, one per line', { complete: 'file' }),
    skipLinks: flag(undefined, 'leave links out instead of refusing the directory'),
  },
  resultSchema: 'hs.put/1',
  list: 'artifacts',
  examples: [
    { command: 'hs put report.html --kind report --name nightly', explains: 'Store a report and name it.' },
    { command: 'hs put dist --pin release-1.0', explains: 'Store a directory and pin it.' },
    {
      command: 'hs put dist --name app --if-changed',
      explains: 'Store a new version only if something changed.',
    },
    {
      command: `printf '%s\\n' '{"path":"notes.txt","name":"notes","ref":"notes"}' '{"path":"report.html","name":"report","sources":["ref:notes"]}' | hs put --manifest-lines -`,
      explains: 'Store several artifacts, one made from the other, in one commit.',
    },
    {
      command: 'make 2>&1 | hs put - --kind transcript --ttl 14',
      explains: 'Store the output of a command for two weeks.',
    },
  ],
  exits: {
    7: 'a link in a directory, a special file, or a name that breaks the path rules',
    8: 'a file changed while it was read',
  },
  seeAlso: ['hs-ls(1)', 'hs-show(1)', 'hs-export(1)', 'hs-pin(1)'],
  async run(context) {
    const { args, options, stdin, path, session, log, endOnHangUp } = context;
    if (options.fromCommand) refuseBesides('--from-command', others(context, options));
    const lines = options.manifestLines === undefined ? undefined : await readPutLines(context, options);
    const typed = lines === undefined && !options.fromCommand ? await namedPaths(context, options) : [];
    if (options.ifChanged && lines === undefined && options.name === undefined) {
      throw new HsError('USAGE', "'--if-changed' needs '--name'");
    }
    const labels = labelsOf(options.label);
    const { put: store } = await import('../../src/ops/put/put.js');
    const { compileGlob } = await import('../../src/core/text/compile-glob.js');
    const exclude = [...options.exclude];
    if (options.excludeFrom !== undefined) {
      const { readTyped } = await import('../../src/cli/io/typed-file.js');
      const bytes = await readTyped(context, options.excludeFrom, MAX_EXCLUDE_BYTES);
      const globs = bytes.toString('utf8').split(/\r?\n/);
      exclude.push(...globs.filter((line) => line.trim() !== '' && !line.startsWith('#')));
    }
    for (const glob of exclude) compileGlob(glob);
    const shared = compact({
      exclude,
      strictExclude: options.strictExclude,
      skipLinks: options.skipLinks,
      ifChanged: options.ifChanged,
      sources: options.source,
      entities: options.entity.map(([entity_kind, entity_id]) => ({ entity_kind, entity_id })),
      labels,
      name: options.name,
      kind: options.kind,
      retentionClass: options.class,
      ttl: options.ttl,
      classification: options.classification,
      layer: options.layer,
      pin: options.pin,
    });
    const s = await session({ adds: !options.fromCommand });
    let results: PutResult[] = [];
    // An empty list stores nothing, and succeeds like any other.
    if (lines !== undefined && lines.length > 0) {
      const { putLines } = await import('../../src/ops/put/put-lines.js');
      results = await putLines(s, lines, shared);
    } else if (options.fromCommand) {
      const { putOutput } = await import('../../src/ops/put/put-output.js');
      const release = endOnHangUp();
      try {
        results = [await putOutput(s, args.program, shared)];
      } finally {
        release();
      }
    } else if (typed.length > 0) {
      const { streamSource } = await import('../../src/ops/payload/stream-source.js');
      const sources = typed.map(
        (p): PutSource => (p === '-' ? { stream: streamSource(stdin.bytes()) } : { path: path(p) }),
      );
      results = await store(s, sources, { ...shared, each: options.each });
    }
    for (const result of results) tellOfPut(result, log);
    const same = results.filter((r) => r.unchanged).length;
    if (same > 0)
      log.note(same === 1 && results.length === 1 ? 'unchanged' : `${same} of ${results.length} unchanged`);
    return {
      artifacts: results.map((r, i) =>
        compact({
          artifact_id: r.artifactId,
          content_hash: r.contentHash,
          payload_type: r.payloadType,
          size_bytes: r.sizeBytes,
          files: r.files,
          filename_hint: r.filenameHint,
          ref: lines?.[i]?.ref,
          unchanged: r.unchanged ? (true as const) : undefined,
          left_out: r.leftOut,
          unportable: r.portability,
        }),
      ),
    };
  },
  render: ({ artifacts }) => artifacts.map((a) => a.artifact_id),
});

interface Typed {
  readonly name: string | undefined;
  readonly each: boolean;
  readonly stdinPaths: boolean;
  readonly manifestLines: string | undefined;
  readonly fromCommand: boolean;
}

type PathContext = Pick<Context<unknown, { readonly paths: readonly string[] }>, 'args' | 'stdin'>;

/** The paths of the command line and of `--stdin-paths`; `-` is standard input. */
async function namedPaths({ args, stdin }: PathContext, options: Typed): Promise<readonly string[]> {
  const typed = [...args.paths];
  if (options.stdinPaths) {
    if (typed.includes('-')) throw new HsError('USAGE', "'-' cannot be given together with '--stdin-paths'");
    for await (const record of stdin.records()) typed.push(record);
  } else if (typed.length === 0)
    throw new HsError('USAGE', 'nothing to store: name a path, - or --stdin-paths');
  if (typed.filter((p) => p === '-').length > 1) throw new HsError('USAGE', "'-' is given twice");
  return typed;
}

/** Other ways to say what is stored. */
function others({ args }: Pick<PathContext, 'args'>, options: Typed): Readonly<Record<string, boolean>> {
  return {
    PATH: args.paths.length > 0,
    "'--stdin-paths'": options.stdinPaths,
    "'--each'": options.each,
    "'--manifest-lines'": options.fromCommand && options.manifestLines !== undefined,
  };
}

async function readPutLines(
  context: PathContext & Pick<Context, 'path' | 'disk' | 'signal'>,
  options: Typed,
): Promise<PutLine[]> {
  refuseBesides('--manifest-lines', { ...others(context, options), "'--name'": options.name !== undefined });
  const { putLine } = await import('../../src/core/manifest/batch-schemas.js');
  const lines = await readLines(context, options.manifestLines!, putLine);
  return lines.map(({ line, value: { path, class: retentionClass, ...rest } }) =>
    compact({ line, retentionClass, source: { path: context.path(path) }, ...rest }),
  );
}
