import { isErrno, isHsError } from '../../../src/errors/hs-error.js';
import type { HttpRequest } from '../../../src/fsx/http.js';
import type { Session } from '../../../src/ops/session/session.js';
import { mark } from '../../../src/store/collector/mark.js';
import { IndexReader } from '../../../src/store/objects/index-reader.js';
import { parseContentKey } from '../../../src/store/s3/keys.js';
import { removeExpired } from '../../ops/gc/naive-collectors.js';
import { type Machines, PREFIXES } from './machines.js';

/** Every key as if there were no epochs: names are used again after they were condemned. */
export function withoutEpochs(request: HttpRequest): HttpRequest {
  return { ...request, target: request.target.replace(/(?<=\/[op]\/[0-9a-f]{64}\/)\d{10}/, '0000000000') };
}

/**
 * Deletes what is not reachable and was written so many changes ago, and condemns nothing: what collectors do that trust
 * a grace age. A writer that found such an object before, and names it after, loses it.
 */
export function deleteByAge(grace: number) {
  return async (session: Session, { fake }: Machines): Promise<void> => {
    await removeExpired(session);
    const { store } = session;
    const { reachable } = await mark(store, new IndexReader(store.objects));
    const start = `${PREFIXES.here}/`;
    for (const key of [...fake.objects.keys()]) {
      const content = key.startsWith(start) ? parseContentKey(key.slice(start.length)) : undefined;
      if (content?.kind !== 'object' || reachable.has(content.name) || fake.age(key) < grace) continue;
      try {
        // A look at each, as it would be deleted: others go on meanwhile.
        if ((await store.objects.sizeInUse(content.name)) !== undefined) fake.remove(key);
      } catch (e) {
        if (!isHsError(e) && !isErrno(e)) throw e;
      }
    }
  };
}
