import type { Context } from '../../src/cli/command-context.js';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';

/** What became of one imported artifact. */
export interface Imported {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly present: boolean;
  readonly tightened: boolean;
  readonly demoted: boolean;
  readonly ttlOver: boolean;
}

/** The fields of a result that say so. */
export function importedRow(a: Imported) {
  return {
    artifact_id: a.artifactId,
    content_hash: a.contentHash,
    present: a.present,
    tightened: a.tightened,
    demoted: a.demoted,
    ttl_over: a.ttlOver,
  };
}

/** Tells the user what the id alone does not say. `origin` is where it came from. */
export function tellImported(a: Imported, origin: string, log: Context['log']): void {
  const id = a.artifactId.slice(0, 8);
  if (a.tightened) log.warn(`'${id}' existed already, and is now classified as strictly as in the ${origin}`);
  else if (a.present) log.note(`'${id}' existed already`);
  else if (a.demoted) log.warn(`'${id}' was approved elsewhere; it is ordinary work (L3) here`);
  if (a.ttlOver)
    log.warn(
      `the TTL of '${id}' has expired: hs gc removes it, unless hs retain ${id} --ttl DAYS or hs pin ${id} keeps it`,
    );
}
