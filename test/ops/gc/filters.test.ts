import { describe, expect, it } from 'vitest';
import { planHash } from '../../../src/core/retention/plan-file.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { readReport } from '../../../src/ops/gc/retention-reports.js';
import { label } from '../../../src/ops/govern/describe-artifacts.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import type { Session } from '../../../src/ops/session/session.js';
import { liveIds, makeStore, putFile } from './helpers.js';

const ci = (session: Session, ttl: number) => putFile(session, { ttl, labels: { env: 'ci' } });
const saved = async (session: Session, filters: readonly string[]) => {
  const plan = await planCollection(session, { filters });
  return { plan, hash: planHash(plan) };
};

describe('a collection with filters', () => {
  it('takes nothing that does not match, and reports the filters', async () => {
    const { session, clock } = await makeStore();
    const over = await ci(session, 1);
    const others = [await ci(session, 5), await putFile(session, { ttl: 1 }), await ci(session, 1)];
    await changePins(session, [{ change: 'pin', id: others[2]!, name: 'kept' }]);
    clock.pass(2);
    const filters = ['label.env=ci', 'created>-7d'];
    const { outcome, irreversible } = await collect(session, { filters });
    expect(outcome.plan.items.map((i) => i.artifact_id)).toEqual([over]);
    expect(await liveIds(session)).toEqual([...others, outcome.report!].sort());
    expect(irreversible).toEqual([]);
    const { header } = (await readReport(session, outcome.report!)).report;
    expect(header).toMatchObject({
      filters: ['label.env=ci', 'created>2026-05-27T00:00:00.000Z'],
      rules: { unlisted: { artifacts: 1 } },
    });
  });

  it('keeps what the artifacts that it leaves were made from', async () => {
    const { session, clock } = await makeStore();
    const source = await ci(session, 1);
    const between = await putFile(session, { ttl: 1, labels: { env: 'ci' }, sources: [source] });
    const last = await putFile(session, { ttl: 1, sources: [between] });
    clock.pass(2);
    expect((await collect(session, { filters: ['label.env'] })).outcome.report).toBeUndefined();
    const { outcome } = await collect(session);
    expect(outcome.plan.items.map((i) => i.artifact_id).sort()).toEqual([source, between, last].sort());
  });

  it('asks a saved plan its filters anew, as of when it was made', async () => {
    const { session, clock } = await makeStore();
    const [going, relabelled] = [await ci(session, 1), await ci(session, 1)];
    const other = await putFile(session, { ttl: 1 });
    clock.pass(2);
    const seen = await saved(session, ['label.env=ci', 'age<3d']);
    await label(session, relabelled, { env: 'live' });
    clock.pass(30);
    const { outcome } = await collect(session, { seen });
    expect(outcome.plan.items.map((i) => i.artifact_id)).toEqual([going]);
    expect(outcome.plan.header.filters).toEqual(seen.plan.header.filters);
    expect(outcome.sparedSince).toMatchObject([{ artifact_id: relabelled, rule: 'unlisted' }]);
    expect(await liveIds(session)).toEqual([other, relabelled, outcome.report!].sort());
  });

  it('narrows a saved plan by further filters, and never widens it', async () => {
    const { session, clock } = await makeStore();
    const [small, large] = [
      await putFile(session, { ttl: 1, content: 'x' }),
      await putFile(session, { ttl: 1 }),
    ];
    clock.pass(2);
    const seen = await saved(session, ['size<2']);
    expect((await collect(session, { seen, filters: ['size>5'] })).outcome.report).toBeUndefined();
    const { outcome } = await collect(session, { seen, filters: ['kind=file'] });
    expect(outcome.plan.header.filters).toEqual(['size<2', 'kind=file']);
    expect(await liveIds(session)).toEqual([large, outcome.report!].sort());
    expect(await liveIds(session)).not.toContain(small);
  });

  it('takes less than a quota asks for rather than what does not match, and is not refused for that', async () => {
    const { session } = await makeStore();
    for (const name of ['a', 'b', 'c']) await putFile(session, { name, content: name.repeat(5000) });
    const { outcome } = await collect(session, { quotaBytes: 8000, filters: ['name=a'] });
    expect(outcome.plan.items.map((i) => [i.name, i.rule])).toEqual([['a', 'quota']]);
    expect(outcome.overQuotaBytes).toBeGreaterThan(0);
    expect(await liveIds(session)).toHaveLength(3);
  });

  it('reads labels from manifests in a store that has them nowhere else, whose reports have no filters', async () => {
    const { session, clock } = await makeStore();
    const { format } = session.store;
    const older = format.features.filter((f) => f !== 'facts-2' && f !== 'reports-2');
    Object.assign(format, { features: older });
    const over = await ci(session, 1);
    const other = await putFile(session, { ttl: 1 });
    clock.pass(2);
    const { outcome } = await collect(session, { filters: ['label.env=ci'] });
    expect(outcome.plan.items.map((i) => i.artifact_id)).toEqual([over]);
    expect(await liveIds(session)).toEqual([other, outcome.report!].sort());
    expect((await readReport(session, outcome.report!)).report.header.filters).toBeUndefined();
  });
});
