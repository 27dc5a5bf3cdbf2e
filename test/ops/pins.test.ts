import { describe, expect, it } from 'vitest';
import { changePins, type PinChange } from '../../src/ops/govern/pins.js';
import { world } from './export/helpers.js';

describe('an actor with pin.set:own alone', () => {
  it('sets and removes pins of its own name, and none that another type of actor of that name set', async () => {
    const w = await world();
    const [one, two] = [await w.put({ a: 'a' }), await w.put({ b: 'b' })];
    const alice = await w.as('human:alice');
    const job = await w.as('ai_job:alice');
    const pin = (id: typeof one): PinChange => ({ change: 'pin', id, name: 'alice' });
    const unpin = (id: typeof one): PinChange => ({ change: 'unpin', id, name: 'alice' });
    const holders = async (id: typeof one) =>
      (await (await w.session.catalog()).get(id))!.pins.map((p) => [p.name, p.actor]);

    await changePins(alice, [pin(one)]);
    for (const change of [[unpin(one)], [pin(one)], [pin(two), unpin(one)]])
      await expect(changePins(job, change)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await holders(one)).toEqual([['alice', 'human:alice']]);
    expect(await holders(two)).toEqual([]);
    const denied = (await w.entries('capability_action')).map((e) => [e.capability_id, e.decision]);
    expect(denied).toEqual(Array(3).fill(['pin.set', 'deny']));

    await changePins(job, [pin(two)]);
    expect(await holders(two)).toEqual([['alice', 'ai_job:alice']]);
    await changePins(job, [unpin(two)]);
    // A person may take any.
    await changePins(job, [pin(two)]);
    await changePins(alice, [unpin(two)]);
    expect(await holders(two)).toEqual([]);
  });

  it('removes none that another type of actor of that name set after it was asked', async () => {
    const w = await world();
    const id = await w.put({ a: 'a' });
    const alice = await w.as('human:alice');
    const job = await w.as('ai_job:alice');
    // With its lease it has been allowed; it has not committed yet.
    const { leases } = job.store;
    const take = leases.take.bind(leases);
    leases.take = async () => {
      leases.take = take;
      await changePins(alice, [{ change: 'pin', id, name: 'alice' }]);
      return take();
    };
    const unpin = changePins(job, [{ change: 'unpin', id, name: 'alice' }]);
    await expect(unpin).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await (await w.session.catalog()).get(id))!.pins).toMatchObject([{ actor: 'human:alice' }]);
  });
});
