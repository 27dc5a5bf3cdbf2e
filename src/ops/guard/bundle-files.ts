import {
  BUNDLE_INDEX_NAME,
  type BundleMember,
  decodeBundle,
  MAX_BUNDLE_INDEX_BYTES,
  memberPaths,
} from '../../core/bundle/bundle-record.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { type GuardReader, readable } from './read-files.js';

/** The files of a bundle by path. */
export type Files = ReadonlyMap<string, ObjectId>;

/** A member of a bundle, as the bundle itself describes it. */
export interface Bundled {
  readonly member: BundleMember;
  /** Undefined: unreadable, or not the one that the bundle's index names. */
  readonly manifest: Manifest | undefined;
  /** The path of its payload. */
  readonly payload: string;
}

/**
 * The members of the bundle at `prefix` among `files`; undefined if they cannot be determined. Empty if it was stored
 * with kind bundle but is not one: then only its files are examined.
 */
export async function bundledIn(
  reader: GuardReader,
  files: Files,
  prefix: string,
): Promise<readonly Bundled[] | undefined> {
  const id = files.get(`${prefix}${BUNDLE_INDEX_NAME}`);
  if (id === undefined) return [];
  const index = await readable(async () => decodeBundle(await reader.bytes.read(id, MAX_BUNDLE_INDEX_BYTES)));
  if (index === undefined) return undefined;
  return Promise.all(
    index.members.map(async (member) => {
      const paths = memberPaths(member.artifact_id);
      const stored = files.get(`${prefix}${paths.manifest}`);
      const manifest = stored === member.manifest ? await reader.manifest(stored) : undefined;
      const isIt = manifest?.content_hash === member.content_hash;
      return { member, manifest: isIt ? manifest : undefined, payload: `${prefix}${paths.payload}` };
    }),
  );
}
