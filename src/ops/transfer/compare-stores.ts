import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { type Sensitivity, stricter } from '../../core/manifest/sensitivity.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { isPresent } from '../bundle/admit.js';
import { attempted, type TransferResult, type TransferredArtifact } from './transfer-request.js';

/** A batch, compared by the two ledgers alone. */
export interface Compared {
  /** Not in the other store. */
  readonly fresh: readonly ArtifactRecord[];
  /** In the other store, but less strictly classified. */
  readonly laxer: readonly ArtifactRecord[];
  /** There is nothing to do about these, or they cannot be copied. */
  readonly settled: readonly TransferResult[];
}

export async function compareStores(
  from: Catalog,
  to: Catalog,
  ids: readonly ArtifactId[],
): Promise<Compared> {
  const fresh: ArtifactRecord[] = [];
  const laxer: ArtifactRecord[] = [];
  const settled: TransferResult[] = [];
  for (const id of ids) {
    const here = await from.get(id);
    if (here === undefined || here.removed !== undefined) {
      settled.push({ error: new HsError('NOT_FOUND', `'${id.slice(0, 8)}' was removed meanwhile`) });
      continue;
    }
    const present = await attempted(() => isPresent(to, here));
    if (present instanceof HsError) settled.push({ error: present });
    else if (!present) fresh.push(here);
    else if (isStricter(here, (await to.get(id))!)) laxer.push(here);
    else settled.push({ artifact: transferred(here, { present: true }) });
  }
  return { fresh, laxer, settled };
}

function isStricter(here: Sensitivity, there: Sensitivity): boolean {
  const wanted = stricter(there, here);
  return wanted.classification !== there.classification || wanted.exportable !== there.exportable;
}

/** The result for an artifact, with what is out of the ordinary about it. */
export function transferred(
  record: Pick<ArtifactRecord, 'artifact_id' | 'content_hash' | 'size_bytes'>,
  what: Partial<TransferredArtifact> = {},
): TransferredArtifact {
  return {
    artifactId: record.artifact_id,
    contentHash: record.content_hash,
    sizeBytes: record.size_bytes,
    present: false,
    tightened: false,
    demoted: false,
    ttlOver: false,
    ...what,
  };
}
