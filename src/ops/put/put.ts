import { basename } from 'node:path';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import type { EntityRef, Handle, Manifest } from '../../core/manifest/manifest.js';
import { executableLabel } from '../../core/manifest/own-labels.js';
import type { Classification, Kind, Layer, RetentionClass } from '../../core/manifest/vocabulary.js';
import {
  type BundleIndex,
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import {
  checkFilenameHint,
  type PortabilityProblem,
  portabilityProblems,
  toName,
} from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { showName, textOfName } from '../../core/text/raw-name.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, FileStat } from '../../fsx/disk.js';
import { STORE_DIR } from '../../store/local/layout.js';
import type { ByteSource, ObjectBatch } from '../../store/objects/object-batch.js';
import { pinCapability } from '../govern/pin-capability.js';
import { toPinName } from '../govern/pins.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import { Excluder, globHint, unusedGlobs } from './excluder.js';
import { demandDescription, describedBy, entryName, newManifest } from './new-manifest.js';
import { readScratch, readSourceFile, refuseInStore } from './read-source.js';
import { registerArtifacts } from './register-artifact.js';
import { isLink, isNotText, type LeftOut, type WalkOptions, walkTree } from './walk-tree.js';

/** Where a payload comes from: a path (its links followed, they are the user's), or a stream. */
export type PutSource =
  | { readonly path: string; readonly filenameHint?: string }
  | { readonly stream: ByteSource; readonly filenameHint?: string };

/** What is said of every artifact of one `put`. */
export interface PutOptions extends Pick<WalkOptions, 'skipLinks'> {
  /** Globs of what is left out; one without `/` matches a name at any depth. */
  readonly exclude?: readonly string[];
  /** Store nothing when one of these leaves nothing out; else that is a warning. */
  readonly strictExclude?: boolean;
  readonly name?: string;
  readonly kind?: Kind;
  readonly retentionClass?: RetentionClass;
  /** Days. */
  readonly ttl?: number;
  readonly classification?: Classification;
  readonly exportable?: boolean;
  readonly layer?: Layer;
  /** Artifacts as a user names them. */
  readonly sources?: readonly string[];
  readonly entities?: readonly EntityRef[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly pin?: string;
  /** One artifact for each entry of a directory, named `name/ENTRY`, instead of one for the directory. */
  readonly each?: boolean;
}

export interface PutResult {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly filenameHint: string | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly portability: readonly PortabilityProblem[];
}

interface Payload {
  /** Of a file; a directory's index says it of each of its own. */
  readonly executable?: boolean;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly leftOut: readonly LeftOut[];
  readonly portability: readonly PortabilityProblem[];
}

async function statSource(disk: Disk, path: string): Promise<FileStat> {
  try {
    return await disk.stat(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `'${escapeText(path)}' is not there`);
    throw e;
  }
}

/** Shows progress, and ends a copy of any length when the command is interrupted. */
function advancing(session: Session): (bytes: number) => void {
  return (bytes) => {
    session.signal.throwIfAborted();
    session.progress.advance(bytes);
  };
}

/** Stores the files of a directory and its index; the directory's content hash is that of the index (A3). */
export async function putTree(
  session: Session,
  batch: ObjectBatch,
  root: string,
  options: Pick<WalkOptions, 'exclude' | 'skipLinks'>,
): Promise<Payload & { readonly index: BundleIndex }> {
  await refuseInStore(session, root);
  const entries: IndexEntry[] = [];
  const leftOut: LeftOut[] = [];
  const store = await session.store.disk.lstat(session.store.root);
  const advance = advancing(session);
  const scratch = readScratch();
  const walk = walkTree(session.disk, root, { ...options, omit: store }, (left) => leftOut.push(left));
  for await (const file of walk) {
    const read = await readSourceFile(session.disk, file.location, file.path, batch, advance, {
      scratch,
    });
    entries.push({
      path: file.path,
      content_hash: read.id,
      size_bytes: read.size,
      ...(read.executable ? { executable: true as const } : {}),
    });
  }
  const index = toBundleIndex(entries);
  const { id } = await batch.addBytes(encodeBundleIndex(index));
  return {
    index,
    contentHash: id,
    payloadType: 'directory',
    sizeBytes: indexSize(index),
    files: index.length,
    leftOut,
    portability: [...portabilityProblems(index.map((e) => e.path))],
  };
}

async function putPayload(
  session: Session,
  batch: ObjectBatch,
  { source, entry }: Item,
  options: Pick<WalkOptions, 'exclude' | 'skipLinks'>,
): Promise<Payload> {
  const file = (id: ObjectId, size: number, executable = false): Payload => ({
    contentHash: id,
    payloadType: 'file',
    sizeBytes: size,
    files: 1,
    executable,
    leftOut: [],
    portability: [],
  });
  const advance = advancing(session);
  if ('stream' in source) {
    const { id, size } = await batch.addSource(source.stream, advance);
    return file(id, size);
  }
  const stat = await statSource(session.disk, source.path);
  if (stat.kind === 'directory') {
    return putTree(session, batch, await session.disk.realpath(source.path), options);
  }
  // Of an entry, the directory was looked at.
  if (entry === undefined) await refuseInStore(session, source.path);
  const read = await readSourceFile(session.disk, source.path, source.path, batch, advance, {
    follow: entry === undefined,
  });
  return file(read.id, read.size, read.executable);
}

interface Item {
  readonly source: PutSource;
  /** Its name in the directory that was named. */
  readonly entry?: string;
}

/** The entries of each directory among the sources, in order of name; other sources as they are. */
async function spread(
  session: Session,
  sources: readonly PutSource[],
  { exclude, skipLinks }: Required<Pick<WalkOptions, 'exclude' | 'skipLinks'>>,
  leave: (left: LeftOut) => void,
): Promise<Item[]> {
  const all: Item[] = [];
  for (const source of sources) {
    if ('stream' in source || (await statSource(session.disk, source.path)).kind !== 'directory') {
      all.push({ source });
      continue;
    }
    await refuseInStore(session, source.path);
    const entries = await session.disk.readdir(source.path);
    for (const { name: entry, bytes, kind } of entries.sort((a, b) => Buffer.compare(a.bytes, b.bytes))) {
      const text = entry ?? textOfName(bytes);
      const path = `${source.path}/${text}`;
      if (exclude.excludes(text)) leave({ path: entry ?? showName(text), why: 'excluded' });
      else if (entry === undefined) throw isNotText(showName(text), true);
      else if (entry === STORE_DIR && kind === 'directory') leave({ path: entry, why: 'store' });
      else if (kind !== 'symlink') all.push({ source: { path }, entry });
      else if (skipLinks) leave({ path: entry, why: 'link' });
      else throw isLink(escapeText(path), skipLinks);
    }
  }
  return all;
}

export function handleOf(r: ArtifactRecord): Handle {
  return compact({
    artifact_id: r.artifact_id,
    kind: r.kind,
    uri: `urn:uuid:${r.artifact_id}`,
    content_hash: r.content_hash,
    size_bytes: r.size_bytes,
    classification: r.classification,
    exportable: r.exportable,
    retention_ttl_days: r.retention_ttl_days,
  });
}

async function hintOf(session: Session, source: PutSource): Promise<string | undefined> {
  if (source.filenameHint !== undefined) return source.filenameHint;
  if ('stream' in source) return undefined;
  const name = (await session.disk.realpath(source.path)).split('/').pop();
  // A hint is only a hint: a name that cannot be one is left out rather than refusing the payload.
  return name && checkFilenameHint(name).problem === undefined ? name : undefined;
}

/**
 * Stores each source as one artifact, all of them in one commit: when one cannot be read, nothing is
 * registered.
 */
export async function put(
  session: Session,
  sources: readonly PutSource[],
  options: PutOptions,
): Promise<PutResult[]> {
  const name = options.name === undefined ? undefined : toName(options.name);
  const pin = options.pin === undefined ? undefined : toPinName(options.pin);
  return session.write('artifact.create', name === undefined ? [] : [name], async (tx) => {
    const catalog = await session.catalog();
    const sourceRefs = (options.sources ?? []).map((s) => handleOf(resolveArtifact(catalog, s)));
    if (pin !== undefined) {
      await session.demand(catalog, await pinCapability(session, catalog, pin), [pin]);
    }
    const described = compact({
      kind: options.kind,
      retention_class: options.retentionClass,
      retention_ttl_days: options.ttl,
      classification: options.classification,
      exportable: options.exportable,
      layer: options.layer,
      source_artifact_refs: sourceRefs.length === 0 ? undefined : sourceRefs,
      source_entity_refs: options.entities?.length ? options.entities : undefined,
      labels: nonEmpty(options.labels ?? {}),
    });
    // Before a byte is read: it may be hours until all of them are.
    demandDescription(session, described);
    const results: PutResult[] = [];
    const manifests: Manifest[] = [];
    session.progress.start('storing', undefined, 'bytes');
    const besides: LeftOut[] = [];
    const walk = { exclude: new Excluder(options.exclude ?? []), skipLinks: options.skipLinks === true };
    const items: readonly Item[] = options.each
      ? await spread(session, sources, walk, (left) => besides.push(left))
      : sources.map((source) => ({ source }));
    for (const item of items) {
      const { source, entry } = item;
      const payload = await putPayload(session, tx.batch, item, walk);
      const filenameHint = await hintOf(session, source);
      const facts = compact({
        ...described,
        name: entry === undefined ? name : entryName(name, entry),
        payload_type: payload.payloadType,
        content_hash: payload.contentHash,
        size_bytes: payload.sizeBytes,
        filename_hint: filenameHint,
        labels: nonEmpty({ ...executableLabel(payload.executable === true), ...options.labels }),
      });
      const manifest = describedBy(() => newManifest(session, facts));
      manifests.push(manifest);
      // What belongs to no artifact is said with the first one.
      const leftOut = [...besides.splice(0), ...payload.leftOut];
      const { executable: _, ...stored } = payload;
      results.push({ artifactId: manifest.artifact_id, filenameHint, ...stored, leftOut });
    }
    if (manifests.length === 0) throw new HsError('NOT_FOUND', 'there is nothing to store');
    tellUnused(session, walk.exclude, sources, options.strictExclude === true);
    session.progress.start('committing');
    await registerArtifacts(tx, manifests, pinOps(manifests, pin));
    session.progress.done();
    return results;
  });
}

/** A glob that leaves nothing out most likely means something that is now stored. */
function tellUnused(
  session: Session,
  { unused }: Excluder,
  sources: readonly PutSource[],
  strict: boolean,
): void {
  if (unused.length === 0) return;
  const names = sources.flatMap((s) => ('path' in s ? basename(s.path) : []));
  const hint = globHint(unused, names);
  if (strict) throw new HsError('USAGE', `${unusedGlobs(unused)}; nothing was stored`, { hint });
  session.warn(`${unusedGlobs(unused)}; ${hint}`);
}

function nonEmpty(labels: Record<string, string>): Record<string, string> | undefined {
  return Object.keys(labels).length > 0 ? labels : undefined;
}

function pinOps(manifests: readonly Manifest[], name: string | undefined): LedgerOp[] {
  return name === undefined ? [] : manifests.map((m) => ({ op: 'pin', artifact_id: m.artifact_id, name }));
}
