import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const WRITERS = 8;
const ROUNDS = Number(process.env.HS_CHAOS_SECONDS ?? 0) > 0 ? 40 : 3;

it('eight processes that put and pin at once lose nothing and leave one unbroken chain', async () => {
  const dir = await tmp();
  expect((await hs(['init'], { cwd: dir })).status).toBe(0);
  const ids: string[] = [];
  const writer = async (w: number) => {
    for (let round = 0; round < ROUNDS; round++) {
      // Every other payload is the same for all of them: a dedup hit while others write it.
      const path = `${dir}/in-${w}-${round}`;
      await writeFile(path, round % 2 === 0 ? `shared ${round}` : `own ${w} ${round}`);
      const result = await hs(['put', path, '--name', `w${w}`, '--pin', `pin-${w}`], { cwd: dir });
      expect(result.stderr).toBe('');
      ids.push(result.stdout.trim());
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)));

  const session = await openTestSession(dir);
  const entries: number[] = [];
  const catalog = await session.store.foldFromLedger((entry) => entries.push(entry.seq));
  expect(entries).toEqual(Array.from({ length: WRITERS * ROUNDS + 1 }, (_, n) => n));
  const live = await catalog.live().all();
  expect(live.map((r) => r.artifact_id).sort()).toEqual([...ids].sort());
  for (const record of live) {
    expect(record.pins).toHaveLength(1);
    await session.store.objects.read(record.content_hash);
    await session.store.objects.read(record.manifest);
  }
  await session.close();
}, 900_000);
