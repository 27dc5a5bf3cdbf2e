import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import type { RecordText } from '../../src/cli/io/output.js';
import { flag, optionalText, text } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { guardField } from '../../src/cli/text/escape-for-terminal.js';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { HsError, isHsError } from '../../src/errors/hs-error.js';
import type { Session } from '../../src/ops/session/session.js';

const options = {
  exists: flag('e', 'exit with 0 if it exists, else with 1; print nothing'),
  type: flag('t', 'print its kind'),
  size: flag('s', "print its payload's size in bytes"),
  print: flag('p', 'print a file as it is, and a directory as a list of its files'),
  manifest: flag(undefined, 'print its canonical manifest'),
  path: text('P', 'print one file of a directory payload'),
  batch: flag(
    undefined,
    'read ids from standard input; print "ID KIND SIZE", the bytes and a newline for each',
    {
      withoutJson: true,
    },
  ),
  batchCheck: optionalText('FORMAT', 'like --batch, without the bytes', { withoutJson: true }),
};

async function stream(s: Session, id: ObjectId, out: Context['out']): Promise<void> {
  for await (const chunk of s.store.objects.stream(id)) await out.bytes(chunk);
}

async function readIndex(s: Session, record: ArtifactRecord) {
  const { decodeBundleIndex, MAX_INDEX_BYTES } = await import('../../src/core/objects/bundle-index.js');
  return decodeBundleIndex(await s.store.objects.read(record.content_hash, MAX_INDEX_BYTES));
}

async function printReadably(
  s: Session,
  record: ArtifactRecord,
  { out, view }: Pick<Context, 'out' | 'view'>,
): Promise<void> {
  if (record.payload_type === 'file') return stream(s, record.content_hash, out);
  for (const entry of await readIndex(s, record)) {
    const mode = entry.executable ? '755' : '644';
    await out.record(`${mode}\t${entry.content_hash}\t${entry.size_bytes}\t${view.text(entry.path)}`);
  }
}

async function printPath(
  s: Session,
  catalog: Catalog,
  record: ArtifactRecord,
  path: string,
  out: Context['out'],
): Promise<void> {
  if (record.payload_type !== 'directory')
    throw new HsError('USAGE', `'${record.artifact_id}' is a file, not a directory`);
  const entry = (await readIndex(s, record)).find((e) => e.path === path);
  if (entry === undefined) {
    throw new HsError('NOT_FOUND', `there is no file '${path}' in '${record.artifact_id}'`, {
      hint: `hs cat-artifact -p ${record.artifact_id.slice(0, 8)} lists its files`,
    });
  }
  const { demandUnrestricted } = await import('../../src/ops/guard/read-gate.js');
  await demandUnrestricted(s, catalog, new Set([entry.content_hash]));
  await stream(s, entry.content_hash, out);
}

/** One answer of the batch modes; an error about one id never ends the batch. */
async function answer(
  s: Session,
  catalog: Catalog,
  typed: string,
  context: Context,
  format: (r: ArtifactRecord, size: number) => RecordText,
  bytes: boolean,
) {
  const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
  const { demandRead } = await import('../../src/ops/guard/read-gate.js');
  const { out } = context;
  let record: ArtifactRecord;
  let size: number | undefined;
  let payload: AsyncGenerator<Uint8Array, void> | undefined;
  let begun: IteratorResult<Uint8Array, void> | undefined;
  try {
    record = await resolveArtifact(catalog, typed);
    size =
      record.payload_type === 'file' ? record.size_bytes : await s.store.objects.size(record.content_hash);
    if (bytes) {
      await demandRead(s, catalog, record);
      // Checks permission to read, and the bytes where that is done first, before printing the header.
      payload = s.store.objects.stream(record.content_hash);
      begun = await payload.next();
    }
  } catch (e) {
    if (isHsError(e, 'NOT_FOUND', 'OBJECT_MISSING')) await out.record(`${typed} missing`);
    else if (isHsError(e, 'AMBIGUOUS')) await out.record(`${typed} ambiguous`);
    else if (isHsError(e, 'REFUSED')) await out.record(`${typed} refused`);
    else throw e;
    return isHsError(e, 'REFUSED') ? 6 : 1;
  }
  await out.record(format(record, size ?? record.size_bytes));
  if (payload === undefined) return 0;
  if (begun?.done === false) await out.bytes(begun.value);
  for await (const chunk of payload) await out.bytes(chunk);
  await out.bytes(Buffer.from(context.globals.nul ? '\0' : '\n'));
  return 0;
}

/** `hs cat-artifact`: the payload or properties of one artifact or many. */
export const catArtifact = command({
  name: 'cat-artifact',
  class: 'plumbing',
  opens: 'read',
  summary: 'print the payload or properties of an artifact',
  description: `Without an option, prints the payload: the bytes of a file, or the canonical index of a directory, so that the SHA-256 of the output is the content hash. The status is 5 if the bytes do not match their hash. Those of up to 8 MiB are verified before the first one is printed. Larger ones are verified while they are printed, so that wrong bytes may come out before the status tells; hs-export(1) with \`-\` verifies all of them first.

With \`--batch\` and \`--batch-check\`, ids are read from standard input, one per line (with \`-z\`, separated by NUL). The answer to each is "ID KIND SIZE", where SIZE is the number of bytes that follow with \`--batch\`; or "NAME missing" or "NAME ambiguous" (status 1 at the end); or "NAME refused" (status 6). A payload that does not match its hash ends the batch with status 5, without an answer if it has up to 8 MiB. FORMAT is that of hs-for-each-artifact(1).`,
  nul: true,
  streams: ({ exists, type, size }) => !(exists || type || size),
  positionals: { id: maybe('ID', { complete: 'artifact' }) },
  options,
  examples: [
    { command: 'hs cat-artifact report | head', explains: 'Print the beginning of a payload.' },
    { command: 'hs cat-artifact --manifest report', explains: 'Print the canonical manifest.' },
    {
      command: "hs for-each-artifact --format '%(id)' | hs cat-artifact --batch-check",
      explains: 'Print the kind and size of every artifact.',
    },
  ],
  exits: { 1: 'with -e: it does not exist; with a batch: some are missing', 6: 'reading it was refused' },
  verdict: true,
  async run(context) {
    const { args, options: o, session, out, stdin, exit, globals } = context;
    const modes = [
      o.exists,
      o.type,
      o.size,
      o.print,
      o.manifest,
      o.path !== undefined,
      o.batch,
      o.batchCheck !== undefined,
    ];
    if (modes.filter(Boolean).length > 1)
      throw new HsError('USAGE', 'only one of -e, -t, -s, -p, --manifest, --path and --batch can be given');
    const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
    const s = await session();
    if (o.batch || o.batchCheck !== undefined) {
      if (args.id !== undefined)
        throw new HsError('USAGE', 'no ID can be given with --batch: ids are read from standard input');
      const { compileFormat } = await import('../../src/ops/inspect/format-record.js');
      const custom = typeof o.batchCheck === 'string' ? compileFormat(o.batchCheck) : undefined;
      const field = globals.nul ? (value: string) => value : guardField;
      const format = (r: ArtifactRecord, size: number): RecordText =>
        custom === undefined ? `${r.artifact_id} ${r.kind} ${size}` : { formatted: custom(r, field) };
      let status = 0;
      await s.read(async (catalog) => {
        for await (const typed of stdin.records({ empty: true })) {
          status = Math.max(
            status,
            await answer(s, catalog, typed, context as unknown as Context, format, o.batch),
          );
        }
      });
      exit(status);
      return;
    }
    if (args.id === undefined) throw new HsError('USAGE', 'no artifact given');
    const id = args.id;
    await s.read(async (catalog) => {
      let record: ArtifactRecord;
      try {
        record = await resolveArtifact(catalog, id);
      } catch (e) {
        if (o.exists && isHsError(e, 'NOT_FOUND')) return exit(1);
        throw e;
      }
      if (o.exists) return;
      if (o.type) return out.record(record.kind);
      if (o.size) return out.record(String(record.size_bytes));
      if (o.manifest) {
        const bytes = await s.store.objects.read(record.manifest);
        return out.bytes(globals.nul ? Buffer.concat([bytes, Buffer.from('\0')]) : bytes);
      }
      const { demandRead } = await import('../../src/ops/guard/read-gate.js');
      await demandRead(s, catalog, record);
      if (o.path !== undefined) return printPath(s, catalog, record, o.path, out);
      return o.print ? printReadably(s, record, context) : stream(s, record.content_hash, out);
    });
  },
});
