import { canonicalText, type Json } from '../../core/json/canonical.js';
import { decodeManifest, MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import type { BundleIndex, IndexEntry } from '../../core/objects/bundle-index.js';
import { comparePaths } from '../../core/paths/safe-path.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';

/** One side of a file: hash, size in bytes, and whether it is executable. */
export interface FileSide {
  readonly content_hash: string;
  readonly size_bytes: number;
  readonly executable: boolean;
}

/** `payload` compares two files, or a file with a directory; `field` two manifests. */
export type Difference =
  | {
      readonly what: 'file';
      readonly change: 'added' | 'removed' | 'changed' | 'mode';
      readonly path: string;
      readonly before?: FileSide;
      readonly after?: FileSide;
    }
  | {
      readonly what: 'payload';
      readonly change: 'changed' | 'type';
      readonly before: FileSide;
      readonly after: FileSide;
    }
  | {
      readonly what: 'field';
      readonly change: 'added' | 'removed' | 'changed';
      readonly path: string;
      readonly before?: Json;
      readonly after?: Json;
    };

type FieldDifference = Extract<Difference, { what: 'field' }>;

const side = (e: IndexEntry): FileSide => ({
  content_hash: e.content_hash,
  size_bytes: e.size_bytes,
  executable: e.executable === true,
});

/** Differences between two directories, sorted by path. */
export function* diffIndexes(before: BundleIndex, after: BundleIndex): Generator<Difference> {
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [a, b] = [before[i], after[j]];
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a.path, b.path);
    if (order < 0) {
      yield { what: 'file', change: 'removed', path: a!.path, before: side(a!) };
      i++;
    } else if (order > 0) {
      yield { what: 'file', change: 'added', path: b!.path, after: side(b!) };
      j++;
    } else {
      const sides = { path: a!.path, before: side(a!), after: side(b!) };
      if (a!.content_hash !== b!.content_hash) yield { what: 'file', change: 'changed', ...sides };
      else if (sides.before.executable !== sides.after.executable) {
        yield { what: 'file', change: 'mode', ...sides };
      }
      i++;
      j++;
    }
  }
}

/** Fields in which two manifests differ, nested ones by their path. */
export function* diffFields(
  before: Json | undefined,
  after: Json | undefined,
  path = '',
): Generator<FieldDifference> {
  if (before === undefined) yield { what: 'field', change: 'added', path, after: after! };
  else if (after === undefined) yield { what: 'field', change: 'removed', path, before };
  else if (isRecord(before) && isRecord(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      yield* diffFields(own(before, key), own(after, key), path === '' ? key : `${path}.${key}`);
    }
  } else if (canonicalText(before) !== canonicalText(after)) {
    yield { what: 'field', change: 'changed', path, before, after };
  }
}

type JsonRecord = { readonly [key: string]: Json };
const isRecord = (v: Json): v is JsonRecord => typeof v === 'object' && v !== null && !Array.isArray(v);
const own = (record: JsonRecord, key: string) => (Object.hasOwn(record, key) ? record[key] : undefined);

/** Compares the manifests of two artifacts. */
export async function diffManifests(
  session: Session,
  first: string,
  second: string,
): Promise<FieldDifference[]> {
  return session.read(async (catalog) => {
    const { objects } = session.store;
    const fields = async (name: string) => {
      const { manifest } = await resolveArtifact(catalog, name);
      return decodeManifest(await objects.read(manifest, MAX_MANIFEST_BYTES)) as unknown as JsonRecord;
    };
    return [...diffFields(await fields(first), await fields(second))];
  });
}
