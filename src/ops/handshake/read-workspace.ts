import { type HashForm, matchDirectory } from '../../core/handshake/directory-hash.js';
import { type Fault, FaultList } from '../../core/handshake/fault.js';
import { readWorkspaceManifest, type WorkspaceManifest } from '../../core/handshake/workspace-manifest.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { LAYERS } from '../../core/manifest/vocabulary.js';
import {
  type BundleIndex,
  encodeBundleIndex,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import { isArtifactId, type ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { hashBytes } from '../payload/hash-file.js';
import { countingBytes, payloadFiles, wholeFile } from './payload-files.js';

/** Location of an artifact in its workspace: its layer, and the name of its directory. */
export interface WorkspacePlace {
  readonly layer: string;
  readonly name: string;
}

/** A payload as read. */
export type FoundPayload =
  | { readonly type: 'file'; readonly hash: ObjectId; readonly size: number; readonly executable: boolean }
  | {
      readonly type: 'directory';
      readonly hash: ObjectId;
      readonly size: number;
      readonly index: BundleIndex;
    };

/** One artifact of a workspace, with all faults that concern it alone. */
export interface FoundArtifact {
  readonly place: WorkspacePlace;
  /** The bytes of its artifact.json, if readable. */
  readonly original?: Uint8Array;
  readonly manifest?: WorkspaceManifest;
  readonly payload?: FoundPayload;
  /** The form of index or payload whose hash matched the stated one. */
  readonly form?: HashForm;
  readonly faults: readonly Fault[];
}

export interface FoundWorkspace {
  readonly artifacts: readonly FoundArtifact[];
  /** Files in the directory that belong to no artifact. */
  readonly strays: readonly Fault[];
}

const MANIFEST = 'artifact.json';
const PAYLOAD = 'payload';
const MOST_STRAYS = 100;

/** Opens `.handshake/artifacts` of the workspace at `path`. NOT_FOUND if it does not exist. */
export async function openWorkspace(disk: Disk, path: string): Promise<SafeDir> {
  const missing = () =>
    new HsError('NOT_FOUND', `there is no '.handshake/artifacts' in '${escapeText(path)}'`, {
      hint: 'name the directory that holds .handshake',
    });
  let at: SafeDir;
  try {
    at = await SafeDir.open(disk, path);
  } catch (e) {
    throw isErrno(e, 'ENOENT', 'ENOTDIR') ? missing() : e;
  }
  for (const name of ['.handshake', 'artifacts']) {
    try {
      const next = await at.child(name);
      await at.close();
      at = next;
    } catch (e) {
      await at.close();
      throw isErrno(e, 'ENOENT') || isHsError(e, 'DEST_EXISTS') ? missing() : e;
    }
  }
  return at;
}

/** Reads and hashes everything below `.handshake/artifacts`, storing nothing. `onBytes` may throw to stop. */
export async function readWorkspace(
  root: SafeDir,
  onBytes: (count: number) => void,
): Promise<FoundWorkspace> {
  const artifacts: FoundArtifact[] = [];
  const strays: Fault[] = [];
  const stray = (path: string, why: string) => {
    if (strays.length < MOST_STRAYS) strays.push({ fault: 'stray', message: `'${escapeText(path)}' ${why}` });
  };
  for (const { name: layer = '?', kind } of await sorted(root)) {
    if (kind !== 'directory' || !(LAYERS as readonly string[]).includes(layer)) {
      stray(layer, 'is not the directory of a layer');
      continue;
    }
    const dir = await root.child(layer);
    try {
      for (const { name = '?', kind: what } of await sorted(dir)) {
        onBytes(0);
        if (!isArtifactId(name)) stray(`${layer}/${name}`, 'is not named by a UUID');
        else if (what !== 'directory') artifacts.push(notDirectory({ layer, name }, what));
        else artifacts.push(await readOrTell(dir, { layer, name }, onBytes));
      }
    } finally {
      await dir.close();
    }
  }
  return { artifacts, strays };
}

async function sorted(dir: SafeDir) {
  return (await dir.readdir()).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
}

function notDirectory(place: WorkspacePlace, kind: string): FoundArtifact {
  const what = kind === 'symlink' ? 'a symbolic link' : 'not a directory';
  return { place, faults: [{ fault: 'unsafe-path', message: `'${place.layer}/${place.name}' is ${what}` }] };
}

async function readOrTell(
  layerDir: SafeDir,
  place: WorkspacePlace,
  onBytes: (count: number) => void,
): Promise<FoundArtifact> {
  try {
    return await readArtifact(layerDir, place, onBytes);
  } catch (e) {
    if (!isErrno(e, 'EACCES', 'EPERM', 'ENOENT')) throw e;
    return { place, faults: [{ fault: 'unreadable', message: `it cannot be read: ${e.code}` }] };
  }
}

async function readArtifact(
  layerDir: SafeDir,
  place: WorkspacePlace,
  onBytes: (count: number) => void,
): Promise<FoundArtifact> {
  const dir = await layerDir.child(place.name);
  try {
    const faults = new FaultList();
    for (const { name } of await sorted(dir)) {
      if (name !== MANIFEST && name !== PAYLOAD)
        faults.add('stray', `'${escapeText(name ?? '?')}' is beside its payload`);
    }
    const original = await readManifestFile(dir, faults);
    if (original === undefined) return { place, faults: faults.items };
    const read = readWorkspaceManifest(original);
    for (const { fault, message } of read.faults) faults.add(fault, message);
    const { manifest } = read;
    if (manifest === undefined) return { place, original, faults: faults.items };
    if (manifest.artifact_id !== place.name)
      faults.add('id-mismatch', `its manifest is that of '${manifest.artifact_id}'`);
    if (manifest.layer !== place.layer)
      faults.add('layer-mismatch', `it lies in ${place.layer}, its manifest says ${manifest.layer}`);
    if (faults.keepOut) return { place, original, manifest, faults: faults.items };
    const payload = await readPayload(dir, faults, onBytes);
    if (payload === undefined) return { place, original, manifest, faults: faults.items };
    const form = compare(manifest, payload, faults);
    return {
      place,
      original,
      manifest,
      payload,
      faults: faults.items,
      ...(form === undefined ? {} : { form }),
    };
  } finally {
    await dir.close();
  }
}

async function readManifestFile(dir: SafeDir, faults: FaultList): Promise<Uint8Array | undefined> {
  try {
    const file = await dir.openFile(MANIFEST);
    try {
      const { size } = await file.stat();
      if (size > MAX_MANIFEST_BYTES) {
        faults.add('manifest-too-large', `artifact.json has ${size} bytes, ${MAX_MANIFEST_BYTES} may be`);
        return undefined;
      }
      return await wholeFile(file, size);
    } finally {
      await file.close();
    }
  } catch (e) {
    if (isErrno(e, 'ENOENT')) faults.add('manifest-missing', 'there is no artifact.json');
    else if (isErrno(e, 'ELOOP', 'EINVAL'))
      faults.add('unsafe-path', 'artifact.json is a link or a special file');
    else throw e;
    return undefined;
  }
}

async function readPayload(
  dir: SafeDir,
  faults: FaultList,
  onBytes: (count: number) => void,
): Promise<FoundPayload | undefined> {
  const files: { path: string; hash: ObjectId; size: number; executable: boolean }[] = [];
  const found = await payloadFiles(dir, PAYLOAD, faults, async ({ content, size: _, ...file }) => {
    const { hash, size } = await hashBytes(countingBytes(content, onBytes));
    files.push({ hash, size, ...file });
  });
  if (found === undefined || faults.keepOut) return undefined;
  if (found === 'file') {
    const { hash, size, executable } = files[0]!;
    return { type: 'file', hash, size, executable };
  }
  const index = toBundleIndex(
    files.map(({ path, hash, size, executable }) => ({
      path: path as BundleIndex[number]['path'],
      content_hash: hash,
      size_bytes: size,
      ...(executable ? { executable: true as const } : {}),
    })),
  );
  return { type: 'directory', hash: sha256(encodeBundleIndex(index)), size: indexSize(index), index };
}

/** Compares the stated hash with each form it may have; an artifact that matches none is not imported. */
function compare(
  manifest: WorkspaceManifest,
  payload: FoundPayload,
  faults: FaultList,
): HashForm | undefined {
  const saysDirectory = manifest.mime === 'application/x-directory';
  if (saysDirectory !== (payload.type === 'directory'))
    faults.add(
      'payload-type',
      `its payload is a ${payload.type}, its mime is '${escapeText(manifest.mime)}'`,
    );
  const form =
    payload.type === 'directory'
      ? matchDirectory(manifest.content_hash, payload.index, manifest.hash_exclude_paths ?? [])
      : payload.hash === manifest.content_hash
        ? 'payload'
        : undefined;
  if (form === undefined) {
    const basis = manifest.hash_basis == null ? '' : ` (basis '${escapeText(manifest.hash_basis)}')`;
    faults.add('hash-mismatch', `its payload does not have the hash that it states${basis}`);
  } else if (manifest.size_bytes !== payload.size)
    faults.add('size-mismatch', `it states ${manifest.size_bytes} bytes and has ${payload.size}`);
  return form;
}
