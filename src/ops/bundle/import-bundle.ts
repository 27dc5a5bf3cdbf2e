import type { ObjectId } from '../../core/objects/ids.js';
import type { Session } from '../session/session.js';
import { namingBundle } from './bundle-error.js';
import { type BundleSource, readBundle } from './bundle-source.js';
import { checkBundle } from './check-bundle.js';
import { intoBatch } from './into-batch.js';
import { type ImportedArtifact, registerMembers } from './register-members.js';

export interface Imported {
  readonly contentHash: ObjectId;
  /** Sorted by id: the members, and the bundle itself if its manifest was included. */
  readonly artifacts: readonly ImportedArtifact[];
}

export interface ImportOptions {
  /** Accept names that other systems cannot hold. */
  readonly nonPortable?: boolean;
  /** TTL in days for sensitive artifacts that need one and have none (A6). */
  readonly ttl?: number;
}

/**
 * Imports a bundle (C3). Nothing is trusted: every byte is hashed and compared with manifests and index before anything
 * is registered, all or nothing in one commit. CONFLICT for an id that exists with other content.
 */
export async function importBundle(
  session: Session,
  source: BundleSource,
  options: ImportOptions = {},
): Promise<Imported> {
  return session.write('bundle.import', [], async (tx) => {
    session.progress.start('reading', undefined, 'bytes');
    const reading = { ...options, signal: session.signal };
    const read = () => checkBundle(readBundle(session.disk, source, reading), intoBatch(session, tx));
    const bundle = await namingBundle(session.disk, source, read, 'nothing was imported');
    const members = bundle.self === undefined ? bundle.members : [...bundle.members, bundle.self];
    const origin = { contentHash: bundle.contentHash, bundleId: bundle.self?.manifest.artifact_id };
    return {
      contentHash: bundle.contentHash,
      artifacts: await registerMembers(session, tx, members, origin, options.ttl),
    };
  });
}
