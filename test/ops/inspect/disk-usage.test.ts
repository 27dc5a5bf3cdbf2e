import { mkdir, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { diskUsage, usageTotals } from '../../../src/ops/inspect/disk-usage.js';
import { SharedObjects } from '../../../src/ops/inspect/shared-objects.js';
import { streamSource } from '../../../src/ops/payload/stream-source.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { IndexReader } from '../../../src/store/objects/index-reader.js';
import { ByteAccount } from '../../core/retention/plain/byte-account.js';
import { testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

/** Files and directories that share bytes within a kind and across kinds, one of them removed. */
async function makeStore(): Promise<Session> {
  const dir = await tmp();
  const session = await testStore(dir);
  for (let i = 0; i < 6; i++) {
    await mkdir(`${dir}/d${i}`);
    for (const name of ['a', 'b']) await writeFile(`${dir}/d${i}/${name}`, `${name} ${i % 2}`);
    await put(session, [{ path: `${dir}/d${i}` }], { name: `n${i % 3}`, retentionClass: 'log' });
    await put(session, [{ path: `${dir}/d${i}/a` }], { kind: i % 2 === 0 ? 'report' : 'transcript' });
  }
  const last = await (await session.catalog()).live().first();
  await removeArtifacts(session, new Set([last!.artifact_id]), {});
  return session;
}

/** What each artifact names, in sets of strings. */
async function physicalBytes(session: Session): Promise<Record<string, number>> {
  const accounts = new Map<string, ByteAccount>();
  const indexes = new IndexReader(session.store.objects);
  for (const a of await (await session.catalog()).live().all()) {
    for (const group of ['all', a.kind, a.retention_class, a.name ?? `(${a.filename_hint})`]) {
      const account = accounts.get(group) ?? new ByteAccount();
      accounts.set(group, account);
      account.use(a.manifests.map((m) => ({ id: m.manifest, size: m.size_bytes })));
      if (a.payload_type === 'file') account.use([{ id: a.content_hash, size: a.size_bytes }]);
      else {
        const { index, members } = (await indexes.read(a.content_hash))!;
        account.use([index, ...members]);
      }
    }
  }
  return Object.fromEntries(Array.from(accounts, ([group, account]) => [group, account.stored]));
}

it('counts an object once in each group and once in all, as sets of their ids do', async () => {
  const session = await makeStore();
  const expected = await physicalBytes(session);
  for (const by of ['kind', 'class', 'name'] as const) {
    const usage = await diskUsage(session, by);
    expect(usage.physical_bytes).toBe(expected.all);
    for (const row of usage.rows)
      expect([row.group, row.physical_bytes]).toEqual([row.group, expected[row.group]]);
  }
});

it('takes a name, a file name and a kind with the same text for three groups', async () => {
  const dir = await tmp();
  const session = await testStore(dir);
  await writeFile(`${dir}/report`, 'by file name');
  await put(session, [{ path: `${dir}/report` }], { kind: 'report' });
  await put(session, [{ path: `${dir}/report` }], { kind: 'report', name: 'report' });
  await put(session, [{ stream: streamSource(new Blob(['by kind']).stream()) }], { kind: 'report' });
  const { rows } = await diskUsage(session, 'name');
  expect(rows.map((r) => [r.group, r.artifacts]).sort()).toEqual([
    ['(report)', 1],
    ['(unnamed report)', 1],
    ['report', 1],
  ]);
});

it('keeps totals equal to a full scan', async () => {
  const session = await makeStore();
  for (const by of ['kind', 'class', 'layer'] as const) {
    const { rows, artifacts, logical_bytes } = await diskUsage(session, by);
    const totals = await usageTotals(session, by);
    expect({ artifacts, logical_bytes }).toEqual({
      artifacts: totals.artifacts,
      logical_bytes: totals.logical_bytes,
    });
    const plain = rows.map(({ physical_bytes: _, ...row }) => row);
    const sorted = (all: readonly { readonly group: string }[]) =>
      [...all].sort((a, b) => (a.group < b.group ? -1 : 1));
    expect(sorted(totals.rows)).toEqual(sorted(plain));
  }
});

it('counts an object once per group and once overall, in any order', () => {
  const use = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(
    fc.property(fc.array(use, { maxLength: 400 }), (uses) => {
      const objects = new SharedObjects();
      const seen = new Set<string>();
      const ids = new Set<ObjectId>();
      for (const [n, group] of uses) {
        const id = sha256(Buffer.from(`${n}`));
        const expected = !ids.has(id) ? 'new' : seen.has(`${id} ${group}`) ? 'known' : 'shared';
        ids.add(id);
        seen.add(`${id} ${group}`);
        expect(objects.add({ id }, group)).toBe(expected);
      }
    }),
  );
});
