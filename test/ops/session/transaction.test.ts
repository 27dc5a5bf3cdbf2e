import { describe, expect, it } from 'vitest';
import type { EntryDraft } from '../../../src/core/ledger/entry.js';
import { encodePolicy } from '../../../src/core/policy/policy.js';
import { HsError } from '../../../src/errors/hs-error.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, testStore } from '../../helpers/store.js';
import { SimDisk } from '../../sim/sim-disk.js';

const note = (text: string): EntryDraft => ({ type: 'note', payload: { text } });

async function simStore() {
  const sim = new SimDisk();
  for (const dir of ['/w', '/home']) sim.plant.dir(dir);
  await (await testStore('/w', { disk: sim.process('init'), useIndex: false })).close();
  const open = (process: string, options: TestStoreOptions = {}) =>
    openTestSession('/w', { disk: sim.process(process), useIndex: false, ...options });
  return { sim, open };
}

/** What was appended after the first entry. */
async function appended(session: Session) {
  const entries = [];
  for await (const { entry } of session.store.ledger.walk()) if (entry.seq > 0) entries.push(entry);
  return entries;
}

const deny = { type: 'capability_action', decision: 'deny' };

describe('a transaction', () => {
  it('records each refusal once', async () => {
    const session = await (await simStore()).open('a');
    const error = new HsError('REFUSED', 'no');
    const done = session.write('ledger.note', ['it'], async (tx) => {
      throw await tx.refuse(error, { capability: 'artifact.read', subjects: ['other'] });
    });
    await expect(done).rejects.toBe(error);
    expect(await appended(session)).toEqual([
      expect.objectContaining({ ...deny, capability_id: 'artifact.read' }),
    ]);
  });

  it('records a refusal without the staged objects', async () => {
    const session = await (await simStore()).open('a');
    const bytes = Buffer.alloc(100_000, 1);
    let id: string | undefined;
    const done = session.write('ledger.note', [], async (tx) => {
      ({ id } = await tx.batch.addBytes(bytes, { apart: true }));
      throw new HsError('PINNED', 'no');
    });
    await expect(done).rejects.toThrow('no');
    expect(await appended(session)).toMatchObject([deny]);
    expect(await session.store.objects.size(id as never)).toBeUndefined();
  });

  it('checks no capability and records no refusal for operations that decide themselves', async () => {
    const session = await (await simStore()).open('a', { actor: 'ai_job:nobody' });
    const decided: EntryDraft = { ...note('x'), capability: 'ledger.note', decision: 'deny' };
    const done = session.writeDecided(async (tx) => {
      await tx.commit(() => decided);
      throw new HsError('REFUSED', 'no');
    });
    await expect(done).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await appended(session)).toMatchObject([{ type: 'note', decision: 'deny' }]);
  });

  it('asks the capability again at the head to which a lost race leads', async () => {
    const { open } = await simStore();
    const [session, other] = [await open('a', { actor: 'human:a' }), await open('b')];
    const takeAway = async () => {
      const catalog = await other.catalog();
      const policy = await other.policy(catalog);
      const without = {
        ...policy,
        grants: policy.grants.map((g) => ({
          ...g,
          capabilities: g.capabilities.filter((c) => c !== 'ledger.note'),
        })),
      };
      await other.write('policy.set', [], async (tx) => {
        const { id } = await tx.batch.addBytes(encodePolicy(without), { apart: true });
        await tx.commit(({ policyId: from }) => ({
          type: 'policy_changed',
          payload: { from, to: id },
          ops: [{ op: 'set_policy', policy: id }],
        }));
      });
    };
    let built = 0;
    const done = session.write('ledger.note', [], (tx) =>
      tx.commit(async () => {
        built += 1;
        if (built === 1) await takeAway();
        return note('too late');
      }),
    );
    await expect(done).rejects.toMatchObject({ code: 'REFUSED' });
    expect(built).toBe(1);
    expect((await appended(session)).map((e) => e.type)).toEqual(['policy_changed', 'capability_action']);
  });

  it('commits nothing after a signal, except what has already happened', async () => {
    const stop = new AbortController();
    const session = await (await simStore()).open('a', { signal: stop.signal });
    const done = session.write('ledger.note', [], async (tx) => {
      stop.abort(new HsError('INTERRUPTED', 'stop'));
      await tx.commit(() => note('what happened'), { records: true });
      await tx.commit(() => note('something new'));
    });
    await expect(done).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await appended(session)).toMatchObject([{ payload: { text: 'what happened' } }]);
  });

  it('stages separate work under separate names, and publishes only its own', async () => {
    const { sim, open } = await simStore();
    const session = await open('a');
    const [first, second] = [Buffer.alloc(10_000, 1), Buffer.alloc(10_000, 2)];
    await session.write('ledger.note', [], async (tx) => {
      const { id } = await tx.batch.addBytes(first, { apart: true });
      const published = await tx.apart(async (apart) => {
        const other = await apart.batch.addBytes(second, { apart: true });
        expect(sim.tree('/w/.hsstore/tmp').length).toBe(2);
        await apart.commit(() => note('apart'));
        return other.id;
      });
      expect(await session.store.objects.size(published)).toBe(second.length);
      expect(await session.store.objects.size(id)).toBeUndefined();
      await tx.commit(() => note('first'));
      expect(await session.store.objects.size(id)).toBe(first.length);
    });
    expect(sim.tree('/w/.hsstore/tmp')).toEqual([]);
  });

  it('starts after recovery has finished, under the same lease', async () => {
    const order: string[] = [];
    const session = await (await simStore()).open('a', {
      recovery: {
        finishDeadLeases: async (_, tx, givenUp) => {
          order.push(`recovery ${tx.lease.token} ${givenUp.join()}`);
          await tx.apart((apart) => apart.commit(() => note('finished')));
        },
      },
    });
    await session.write('ledger.note', [], async (tx) => void order.push(`work ${tx.lease.token}`), ['x']);
    const [token] = order[1]!.split(' ').slice(1);
    expect(order).toEqual([`recovery ${token} x`, `work ${token}`]);
    await session.writeDecided(async () => void order.push('decided'));
    expect(order.slice(3)).toEqual(['decided']);
    expect(await appended(session)).toMatchObject([
      { payload: { text: 'finished' } },
      { payload: { text: 'finished' } },
    ]);
  });
});
