import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DAY_MS } from '../../src/core/duration.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import type { HttpRequest } from '../../src/fsx/http.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { Reclaimer, TrashBatch } from '../../src/store/port/reclaimer.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { violations } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const HURRIED = { patience: IMPATIENT };
const RECORD = 'some/prefix/trash/';

/** A collector that believes the records of batches: what one has goes with it. */
function believing({ store }: Session): void {
  const { toCondemn } = store.reclaimer;
  const naive: Reclaimer['toCondemn'] = (batches, goes, working) =>
    toCondemn!.call(
      store.reclaimer,
      batches,
      async (isThere) => {
        const isGone = await goes(isThere);
        return (id, batch) => isGone(id, { ...batch, name: '99999999999999999' } as TrashBatch);
      },
      working,
    );
  Object.defineProperty(store.reclaimer, 'toCondemn', { value: naive });
}

type Name = 'a' | 'b' | 'new';

/** Machines that share a store, and a clock. */
class Machines {
  readonly fake = new FakeS3();
  ms = Date.UTC(2026, 5, 1);
  /** Runs once, in place of the next write of a record. */
  meanwhile: (() => Promise<unknown>) | undefined;
  homes: Readonly<Record<Name, string>> = { a: '', b: '', new: '' };

  async begin(): Promise<void> {
    this.homes = { a: await tmp(), b: await tmp(), new: await tmp() };
    await (await testStore(URL_OF_STORE, this.#effects('a'))).close();
  }

  #effects(machine: Name) {
    const clock = { now: () => this.ms };
    const http = () => ({
      send: async (request: HttpRequest) => {
        const { meanwhile } = this;
        if (meanwhile !== undefined && request.method === 'PUT' && request.target.includes('/trash/')) {
          this.meanwhile = undefined;
          await meanwhile();
        }
        return this.fake.send(request);
      },
      close: () => undefined,
    });
    return { stores: storesOnFake(this.fake, this.homes[machine], { clock, http }), clock };
  }

  async on<T>(machine: Name, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await openTestSession(URL_OF_STORE, this.#effects(machine));
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  put(machine: Name, text: string): Promise<ArtifactId> {
    return this.on(machine, async (session) => {
      const path = `${this.homes[machine]}/${text}`;
      await writeFile(path, text);
      const [made] = await put(session, [{ path }], { name: text });
      return made!.artifactId;
    });
  }

  /** Removes artifacts and collects. */
  remove(machine: Name, ...ids: ArtifactId[]): Promise<unknown> {
    return this.on(machine, (session) => removeArtifacts(session, new Set(ids), HURRIED));
  }

  get records(): string[] {
    return [...this.fake.objects.keys()].filter((key) => key.startsWith(RECORD));
  }
}

/**
 * An artifact is removed; on another machine the same bytes are put and removed again four days later, so that a batch of
 * their own has them, with an undo window of its own. `spoil` is given the second removal, and loses what it changes of
 * the first record.
 */
async function removedAgain(spoil: (world: Machines, again: () => Promise<unknown>) => Promise<unknown>) {
  const world = new Machines();
  await world.begin();
  const first = await world.put('a', 'bytes');
  const beside = await world.put('a', 'beside');
  await world.remove('a', first, beside);
  expect(world.records).toHaveLength(1);
  world.ms += 4 * DAY_MS;
  let second: ArtifactId | undefined;
  await spoil(world, async () => {
    second = await world.put('b', 'bytes');
    await world.remove('b', second);
  });
  // The first window has ended, and the second one not.
  world.ms += 4 * DAY_MS;
  return { world, second: second! };
}

type Spoil = (world: Machines, again: () => Promise<unknown>) => Promise<unknown>;
const LOST: readonly [string, Spoil][] = [
  [
    'another command rewrites as it read it before',
    async (world, again) => {
      // Puts bytes that are in the same batch, and takes them out of it.
      world.meanwhile = again;
      await world.put('a', 'beside');
    },
  ],
  [
    'an answer that was lost has a request rewrite late',
    async (world, again) => {
      const [key] = world.records;
      const before = world.fake.objects.get(key!)!;
      await again();
      world.fake.objects.set(key!, before);
    },
  ],
];

it.each(LOST)('a record that %s ends no undo window early', async (_, spoil) => {
  const { world, second } = await removedAgain(spoil);
  await world.on('a', async (session) => {
    const { reclaimed } = await collect(session, HURRIED);
    expect(reclaimed.sweep).toBe('done');
  });
  await world.on('new', async (session) => {
    const { restored } = await restore(session, [second], { pin: false });
    expect(restored).toHaveLength(1);
    await collect(session, HURRIED);
    expect(await violations(session, { acknowledged: [second] })).toEqual([]);
  });
});

it.each(LOST)(
  'a collector that believes a record that %s ends one early: the test bites',
  async (_, spoil) => {
    const { world, second } = await removedAgain(spoil);
    await world.on('a', async (session) => {
      believing(session);
      await collect(session, HURRIED);
    });
    // Not what the mirror of the collector happens to have kept.
    await world.on('new', async (session) => {
      const { restored } = await restore(session, [second], { pin: false });
      expect(restored).toEqual([]);
    });
  },
);

it('a batch that was dropped and comes back late takes nothing with it, and goes again', async () => {
  const world = new Machines();
  await world.begin();
  const first = await world.put('a', 'bytes');
  await world.remove('a', first);
  const [key] = world.records;
  const before = world.fake.objects.get(key!)!;
  world.ms += 8 * DAY_MS;
  await world.on('a', (session) => collect(session, HURRIED));
  expect(world.records).toEqual([]);
  const second = await world.put('b', 'bytes');
  world.fake.objects.set(key!, before);
  await world.on('b', (session) => collect(session, HURRIED));
  await world.remove('b', second);
  world.fake.objects.set(key!, before);
  await world.on('a', async (session) => {
    await collect(session, HURRIED);
    expect(world.records).toHaveLength(1);
    expect(world.records).not.toContain(key);
    const { restored } = await restore(session, [second], { pin: false });
    expect(restored).toHaveLength(1);
  });
});
