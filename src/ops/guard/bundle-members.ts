import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { type ArtifactId, isArtifactId, type ObjectId } from '../../core/objects/ids.js';
import type { GuardReader } from './read-files.js';

const MEMBER_PATH = /^members\/([^/]+)\/(?:(artifact\.json)|payload(?:\/(.+))?)$/s;

/**
 * Tells whether a file of a bundle belongs to a member known here, which has a classification of its own: a bundle is
 * as sensitive as one of its members, which says nothing about the others. Applies to bytes that the artifact at that
 * path is known to have; those of a purged one belong to the bundle alone.
 */
export function memberCheck(reader: GuardReader, catalog: Catalog) {
  const contents = new Map<ArtifactId, Promise<ReadonlySet<ObjectId>>>();
  const read = async (record: ArtifactRecord) => {
    const files = (await reader.files(record)) ?? [];
    return new Set([...record.manifests.map((m) => m.manifest), ...files.map((f) => f.hash)]);
  };
  const contentsOf = (record: ArtifactRecord) => {
    const known = contents.get(record.artifact_id) ?? read(record);
    contents.set(record.artifact_id, known);
    return known;
  };
  /** Also true for a revision from another store. */
  const isManifestOf = async (hash: ObjectId, { artifact_id, content_hash }: ArtifactRecord) => {
    const manifest = await reader.manifest(hash);
    return manifest?.artifact_id === artifact_id && manifest.content_hash === content_hash;
  };
  return async ({ kind }: ArtifactRecord, path: string, hash: ObjectId): Promise<boolean> => {
    let rest: string | undefined = kind === 'bundle' ? path : undefined;
    while (rest !== undefined) {
      const [, id, manifest, below]: RegExpExecArray | readonly undefined[] = MEMBER_PATH.exec(rest) ?? [];
      const record = id !== undefined && isArtifactId(id) ? await catalog.get(id) : undefined;
      if (record !== undefined) {
        if ((await contentsOf(record)).has(hash)) return true;
        if (manifest !== undefined && (await isManifestOf(hash, record))) return true;
      }
      rest = below;
    }
    return false;
  };
}
