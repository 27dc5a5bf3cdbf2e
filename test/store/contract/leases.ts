import { expect } from 'vitest';
import { bytesOf, dead, type Promised, sourceOf, under } from './subject.js';

export const LEASES: readonly Promised[] = [
  [
    'are there while they are held, alive, and gone when they are released',
    async ({ backend, other }) => {
      const lease = await backend.leases.take();
      expect(lease.token).toMatch(/^[0-9a-f]{24}$/);
      expect([await other.leases.list(), await other.leases.exists(lease.token)]).toEqual([
        [lease.token],
        true,
      ]);
      expect(await other.leases.judge(lease.token)).toBeUndefined();
      await lease.release();
      expect([await other.leases.list(), await other.leases.exists(lease.token)]).toEqual([[], false]);
      expect(await other.leases.judge(lease.token)).toBeUndefined();
    },
  ],
  [
    'of the dead are judged by one at a time, and left with what they journaled',
    async ({ backend, other }) => {
      const token = await dead(backend);
      const judged = await other.leases.judge(token);
      expect(judged).toMatchObject({ token, journal: [{ doing: 'something' }], foreign: false });
      expect(await backend.leases.judge(token)).toBeUndefined();
      await judged!.leave();
      const again = await backend.leases.judge(token);
      await again!.clear();
      expect(await other.leases.list()).toEqual([]);
    },
  ],
  [
    'of the dead give up what was staged under them, and no more',
    async ({ backend, other }) => {
      const token = await dead(backend, ['staged by the dead']);
      await under(backend, async (lease) => {
        const batch = backend.batch(lease.token);
        await batch.addSource(sourceOf(bytesOf('staged by the living')));
        expect(new Set((await other.inventory.staged()).map((s) => s.lease))).toEqual(
          new Set([token, lease.token]),
        );
        const judged = await other.leases.judge(token);
        await judged!.discardStaged();
        await judged!.clear();
        expect((await other.inventory.staged()).map((s) => s.lease)).toEqual([lease.token]);
        await batch.publish();
      });
    },
  ],
  [
    'that are gone leave nothing that was staged under them',
    async ({ backend, other }) => {
      const token = await dead(backend, ['nobody has this']);
      await other.leases.assumeDead(token);
      expect((await other.inventory.staged()).map((s) => s.lease)).toEqual([token]);
      await other.leases.discardUnclaimed();
      expect(await other.inventory.staged()).toEqual([]);
    },
  ],
  [
    'are taken for dead when that is said, unless there is none',
    async ({ backend }) => {
      const lease = await backend.leases.take();
      await backend.leases.assumeDead(lease.token);
      expect(await backend.leases.list()).toEqual([]);
      await expect(backend.leases.assumeDead(lease.token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await lease.release();
    },
  ],
  [
    'let one collector at a time be at work',
    async ({ backend, other }) => {
      const turn = await backend.leases.exclusive('collector');
      expect([turn !== undefined, await other.leases.exclusive('collector')]).toEqual([true, undefined]);
      await turn!.release();
      const next = await other.leases.exclusive('collector');
      expect(next).toBeDefined();
      await next!.release();
    },
  ],
  [
    'tells of what is left of a command whose lease has gone, and mends it',
    async ({ backend, other }) => {
      const token = await dead(backend, ['left']);
      await other.leases.assumeDead(token);
      const findings = await other.check();
      expect(findings.map((f) => f.severity)).toEqual(['leftover']);
      await under(other, async (lease) => {
        const batch = other.batch(lease.token);
        expect(await findings[0]!.repair!.run({ lease: lease.token, batch })).toBe(true);
      });
      expect(await other.check()).toEqual([]);
    },
  ],
];
