import { command } from '../../src/cli/command.js';
import { choice, flag, integer, list, text } from '../../src/cli/options.js';
import { keyAndValue, labelsOf, pair } from '../../src/cli/parse/pairs.js';
import { many } from '../../src/cli/positionals.js';
import { counted } from '../../src/cli/text/human.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { PutResult } from '../../src/ops/put/put.js';
import type { PutSource } from '../../src/ops/put/put-source.js';

/** `hs put`: each path, or standard input, becomes one artifact; all of them in one commit. */
export const put = command({
  name: 'put',
  class: 'porcelain',
  opens: 'write',
  summary: 'store files and directories as artifacts',
  description: `Each PATH, a file or a whole directory, becomes one artifact; \`-\` is standard input. Everything named in one call is registered in one commit: if anything cannot be read, or changes while it is read, nothing is registered. The ids are printed one per line, in the order of the paths.

Symbolic links, FIFOs, devices and names that are not UTF-8 are refused, with the path. Empty directories are left out, because a payload is a list of files; so is whatever \`--exclude\` matches. Both are reported. A GLOB that contains a slash matches paths relative to the directory that is stored. A GLOB that matches nothing is a warning, and with \`--strict-exclude\` an error. Bytes that are not UTF-8 are shown as \`\\xe9\`, one escape per byte, and can be written that way in a GLOB.

If its owner may execute a file, it is exported as an executable file again. In a directory the index records this, for a single file the label \`hs.executable\`.

If the store already has the same content and its bytes are damaged (see hs-fsck(1)), they are written again.

The kind prompt_payload and the classification high require \`--ttl\`.`,
  nul: true,
  positionals: { paths: many('PATH', { complete: 'file' }) },
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
    stdinPaths: flag(undefined, 'read paths from standard input, one per line'),
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
      command: 'make 2>&1 | hs put - --kind transcript --ttl 14',
      explains: 'Store the output of a command for two weeks.',
    },
  ],
  exits: {
    7: 'a link, a special file, or a name that breaks the path rules',
    8: 'a file changed while it was read',
  },
  seeAlso: ['hs-ls(1)', 'hs-show(1)', 'hs-export(1)', 'hs-pin(1)'],
  async run({ args, options, stdin, path, disk, session, log }) {
    const typed = [...args.paths];
    if (options.stdinPaths) {
      if (typed.includes('-'))
        throw new HsError('USAGE', "'-' cannot be given together with '--stdin-paths'");
      for await (const record of stdin.records()) typed.push(record);
    } else if (typed.length === 0)
      throw new HsError('USAGE', 'nothing to store: name a path, - or --stdin-paths');
    if (typed.filter((p) => p === '-').length > 1) throw new HsError('USAGE', "'-' is given twice");

    const labels = labelsOf(options.label);
    const { put: store } = await import('../../src/ops/put/put.js');
    const { streamSource } = await import('../../src/ops/payload/stream-source.js');
    const { compileGlob } = await import('../../src/ops/naming/compile-glob.js');
    const exclude = [...options.exclude];
    if (options.excludeFrom !== undefined) {
      const bytes = await (await disk()).readFile(path(options.excludeFrom), 1024 * 1024);
      const lines = Buffer.from(bytes).toString('utf8').split(/\r?\n/);
      exclude.push(...lines.filter((line) => line.trim() !== '' && !line.startsWith('#')));
    }
    for (const glob of exclude) compileGlob(glob);
    const sources = typed.map(
      (p): PutSource => (p === '-' ? { stream: streamSource(stdin.bytes()) } : { path: path(p) }),
    );
    const s = await session();
    // An empty list stores nothing, and succeeds like any other.
    const results =
      sources.length === 0
        ? []
        : await store(s, sources, {
            exclude,
            strictExclude: options.strictExclude,
            skipLinks: options.skipLinks,
            each: options.each,
            sources: options.source,
            entities: options.entity.map(([entity_kind, entity_id]) => ({ entity_kind, entity_id })),
            labels,
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(options.kind === undefined ? {} : { kind: options.kind }),
            ...(options.class === undefined ? {} : { retentionClass: options.class }),
            ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
            ...(options.classification === undefined ? {} : { classification: options.classification }),
            ...(options.layer === undefined ? {} : { layer: options.layer }),
            ...(options.pin === undefined ? {} : { pin: options.pin }),
          });
    for (const result of results) tell(result, log);
    return {
      artifacts: results.map((r) => ({
        artifact_id: r.artifactId,
        content_hash: r.contentHash,
        payload_type: r.payloadType,
        size_bytes: r.sizeBytes,
        files: r.files,
        ...(r.filenameHint === undefined ? {} : { filename_hint: r.filenameHint }),
        left_out: r.leftOut,
        unportable: r.portability,
      })),
    };
  },
  render: ({ artifacts }) => artifacts.map((a) => a.artifact_id),
});

interface Notes {
  note(message: string): void;
  warn(message: string): void;
}

const MANY = { link: 'links', 'empty directory': 'empty directories', store: 'stores', excluded: 'excluded' };

/** Warnings about data not stored as it was; a few by name, the rest as a count. */
function tell(result: PutResult, log: Notes): void {
  const SHOWN = 5;
  for (const why of ['link', 'empty directory', 'store', 'excluded'] as const) {
    const paths = result.leftOut.filter((l) => l.why === why).map((l) => `'${l.path}'`);
    if (paths.length === 0) continue;
    const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
    const what = counted(paths.length, why, MANY[why]);
    log.note(`left out ${what}: ${paths.slice(0, SHOWN).join(', ')}${more}`);
  }
  for (const { path, kind, other } of result.portability.slice(0, SHOWN)) {
    const than = other === undefined ? '' : ` with '${other}'`;
    log.warn(`'${path}' is not portable: ${kind.replaceAll('-', ' ')}${than}`);
  }
  const more = result.portability.length - SHOWN;
  if (more > 0) log.warn(`${counted(more, 'more path is', 'more paths are')} not portable`);
}
