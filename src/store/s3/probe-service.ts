import type { Random } from '../../core/effects.js';
import { type DoctorCheck, ok } from '../../core/health-check.js';
import { HsError } from '../../errors/hs-error.js';
import type { S3Client } from './client/s3-client.js';

const WRITERS = 8;

function unfit(test: string, what: string): HsError {
  return new HsError('SYSTEM', `the S3 service cannot hold a store: ${test}: ${what}`, {
    hint: 'hs-s3(7) lists services that can',
    details: { test },
  });
}

/**
 * Has writers race for one new key, as they do for an entry, and fails with SYSTEM and the name of the test unless
 * exactly one wins and its bytes stay. Two servers that were tried take the condition and ignore it: 8 of 8 won.
 */
export async function probeService(client: S3Client, random: Random): Promise<DoctorCheck[]> {
  const key = `probe/${random.hex(8)}`;
  const bodies = Array.from({ length: WRITERS }, (_, n) => Buffer.from(`writer ${n}`));
  try {
    const statuses = await Promise.all(bodies.map((body) => client.probePut(key, body)));
    const winners = statuses.flatMap((status, n) => (status === 200 ? [n] : []));
    const race = 'put-if-absent race';
    if (statuses.includes(501)) throw unfit(race, 'it does not implement If-None-Match (501)');
    const odd = statuses.find((status) => ![200, 409, 412, 503].includes(status));
    if (odd !== undefined) throw unfit(race, `it answered ${odd}`);
    if (winners.length > 1)
      throw unfit(race, `${winners.length} of ${WRITERS} writers won: it ignores If-None-Match`);
    if (winners.length === 0) throw unfit(race, 'no writer won');
    const there = await client.get(key);
    if (there === undefined || !bodies[winners[0]!]!.equals(Buffer.from(there))) {
      throw unfit('read after write', "the winner's bytes are not there");
    }
    const again = await client.probePut(key, Buffer.from('late'));
    if (again !== 412 && again !== 409)
      throw unfit('put-if-absent again', `a key that is taken was answered ${again}`);
    let listed = false;
    for await (const found of client.list('probe/')) if (found.key === key) listed = true;
    if (!listed) throw unfit('listing', 'a new key is not listed');
    await client.delete(key);
    if ((await client.get(key)) !== undefined) throw unfit('removal', 'a removed key is still there');
    return [ok('put-if-absent', `exactly one of ${WRITERS} writers won a key, and its bytes stayed`)];
  } finally {
    await client.delete(key).catch(() => undefined);
  }
}
