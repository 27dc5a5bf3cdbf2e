import { fileURLToPath } from 'node:url';
import fs from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import { PAYLOADS } from '../../src/core/ledger/entry-types.js';
import { decodeManifest } from '../../src/core/manifest/manifest.js';
import { decodeBundleIndex } from '../../src/core/objects/bundle-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { readReport } from '../../src/ops/gc/retention-reports.js';
import { label } from '../../src/ops/govern/describe-artifacts.js';
import { listArtifacts } from '../../src/ops/inspect/list-artifacts.js';
import { completerOf } from '../../src/ops/naming/complete-facts.js';
import type { Session } from '../../src/ops/session/session.js';
import { verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { Trash } from '../../src/store/local/trash/trash.js';
import { buildFixtureStore, packTree, unpackTree } from '../helpers/format-fixture.js';
import { behind, openTestSession, TINY_PACKS } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const fixture = (file: string) => fileURLToPath(new URL(`../../fixtures/format-1/${file}`, import.meta.url));

/** What stays the same whatever ids and times a store has. */
async function contentOf(session: Session, kept: object) {
  const { store } = session;
  const entries: LedgerEntry[] = [];
  const catalog = await store.foldFromLedger((entry) => entries.push(entry));
  const artifacts = await Promise.all(
    (await catalog.live().all()).reverse().map(async (r) => {
      const manifest = decodeManifest(await store.objects.read(r.manifest));
      const payload = await store.objects.read(r.content_hash);
      return {
        name: r.name ?? r.filename_hint,
        content_hash: r.content_hash,
        size_bytes: r.size_bytes,
        layer: r.layer,
        classification: r.classification,
        retention_class: r.retention_class,
        revision: r.revision,
        mime: manifest.mime,
        pins: r.pins.map((p) => p.name),
        ...('job' in kept ? { job_id: r.job_id, labels: r.labels, entities: r.entities } : {}),
        ...(r.payload_type === 'directory'
          ? { files: decodeBundleIndex(payload).map((e) => [e.path, e.content_hash, e.executable === true]) }
          : {}),
      };
    }),
  );
  return {
    counts: catalog.counts,
    entries: await Promise.all(
      entries.map(async (e) => [
        e.type,
        e.payload_object === undefined ? 'inline' : 'object',
        e.ops_object === undefined ? 'inline' : 'object',
        [...new Set((await store.opsOf(e)).map((o) => o.op))].join(' '),
      ]),
    ),
    artifacts: artifacts.filter((a) => a.name?.endsWith('.txt') !== true),
    pages: artifacts.filter((a) => a.name?.endsWith('.txt') === true).length,
  };
}

/** A report names the head, and so all features of its store. */
function ofNoReport(content: Awaited<ReturnType<typeof contentOf>>) {
  const artifacts = content.artifacts.map((a) =>
    a.name === 'retention-report' ? { ...a, content_hash: undefined } : a,
  );
  return { ...content, artifacts };
}

async function frozen(name: string): Promise<Session> {
  const dir = await tmp();
  await unpackTree(await fs.readFile(fixture(`${name}.tar.gz`)), dir);
  return openTestSession(dir, { useIndex: false });
}

/**
 * Before the feature `packs`; with it, nearly all in packs; with the fields of `records-2` and `policy-2`, too; and with
 * those of `transfers`, of `facts-2`, of `reports-2`, or of `packs-2`. The same content.
 */
describe.each([
  ['store', {}],
  ['packs', { packLimits: TINY_PACKS }],
  ['records', { packLimits: TINY_PACKS, newer: true }],
  ['transfers', { packLimits: TINY_PACKS, newer: true, transfers: true }],
  ['facts', { packLimits: TINY_PACKS, newer: true, job: 'nightly-7' }],
  ['reports', { packLimits: TINY_PACKS, newer: true, reports: true }],
  ['compressed', { packLimits: TINY_PACKS, newer: true, reports: true, compressed: true }],
])('a store of format 1, fixture %s,', (name, kept) => {
  const known = async () => fs.readJson(fixture(`${name}.json`));

  // What is there is a promise: only a fixture of which there is none yet is written.
  const missing = process.env.HS_WRITE_FIXTURES === '1' && !fs.pathExistsSync(fixture(`${name}.tar.gz`));
  it.runIf(missing)('is written', async () => {
    const session = await buildFixtureStore(await tmp(), kept);
    await fs.writeFile(fixture(`${name}.tar.gz`), await packTree(session.store.local.directory, '.hsstore'));
    const head = await session.store.ledger.head();
    const { policyId: policy } = await session.catalog();
    const facts = { store_id: session.store.id, head, policy, content: await contentOf(session, kept) };
    await fs.writeJson(fixture(`${name}.json`), facts, { spaces: 1 });
  });

  it('is made with the same bytes each time', async () => {
    const made = async () =>
      packTree((await buildFixtureStore(await tmp(), kept)).store.local.directory, '.hsstore');
    const [one, other] = [await made(), await made()];
    expect(one.equals(other)).toBe(true);
  });

  it('that was written by its first release is read: every entry, manifest, payload and operation', async () => {
    const session = await frozen(name);
    const facts = await known();
    expect(session.store.id).toBe(facts.store_id);
    expect(await session.store.ledger.head()).toEqual(facts.head);
    expect((await session.catalog()).policyId).toBe(facts.policy);
    expect(await contentOf(session, kept)).toEqual(facts.content);
    expect(facts.content.entries.map(([type]: [string]) => type)).toEqual(
      // A directory condemns nothing.
      expect.arrayContaining(Object.keys(PAYLOADS).filter((type) => type !== 'objects_condemned')),
    );
  });

  it('that was written by its first release has an unbroken ledger', async () => {
    const { store } = await frozen(name);
    const verdict = await verifyLedger(store, noProgress, new AbortController().signal);
    expect(verdict.problems).toEqual([]);
    expect(verdict.entries).toBe((await store.ledger.headSeq()) + 1);
  });

  it('that was written by its first release has its objects under their hashes, and its trash', async () => {
    const session = await frozen(name);
    const { store } = session;
    const { disk, layout } = behind(session);
    const [batch] = await new Trash(disk, layout, session.random).list();
    expect(batch).toMatchObject({ window: 'kept', seal: { leases: ['00000000000000000000ffff'] } });
    const lost = sha256(Buffer.from('nothing names this'));
    expect(await store.objects.size(lost)).toBe(18);
    if ('packLimits' in kept) expect(await store.objects.size(sha256(Buffer.from('nor this')))).toBe(8);
  });

  it('accepts new artifacts', async () => {
    const session = await frozen(name);
    const before = await session.store.ledger.headSeq();
    await session.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'more' } })),
    );
    expect(await session.store.ledger.headSeq()).toBe(before + 1);
  });

  it('is kept as it was made: with packs only where it has them', async () => {
    const session = await frozen(name);
    const { store } = session;
    const { packs } = behind(session).files;
    const batch = store.batch('0'.repeat(24));
    for (let i = 0; i < 40; i++) await batch.addBytes(Buffer.from(`new ${i}`));
    const before = (await packs?.all())?.length;
    await batch.publish();
    await packs?.refresh();
    const after = await packs?.all();
    expect(after?.length).toBe(before === undefined ? undefined : before + 1);
    const blocks = new Set(after?.map(({ index }) => index.blocks !== undefined));
    expect([...blocks]).toEqual('packLimits' in kept ? ['compressed' in kept] : []);
    expect((await fs.readdir(store.local.directory)).includes('packs')).toBe('packLimits' in kept);
    expect(await store.objects.size(sha256(Buffer.from('new 39')))).toBe(6);
  });

  it('gets the fields of later features only where it has them', async () => {
    const session = await frozen(name);
    const gone = await (await session.catalog()).named('greeting').first();
    await label(session, 'greeting', { team: 'a' });
    const { ops } = (await session.store.ledger.read(await session.store.ledger.headSeq())).entry;
    const { labels } = ops![0] as { readonly labels?: object };
    expect(labels).toEqual('job' in kept || 'reports' in kept ? { stage: 'test', team: 'a' } : undefined);
    await session.write('pin.set', [], (tx) =>
      tx.commit(() => ({
        type: 'pin_changed',
        payload: { pinned: 0, unpinned: 1 },
        ops: [{ op: 'unpin', artifact_id: gone!.artifact_id, name: 'review' }],
      })),
    );
    const { outcome } = await removeArtifacts(session, new Set([gone!.artifact_id]));
    const { entry } = await session.store.ledger.read(outcome.seq!);
    const { header } = (await readReport(session, outcome.report!)).report;
    const has = [entry.payload!, header].map((record) => 'items_scanned' in record);
    expect(has).toEqual('newer' in kept ? [true, true] : [false, false]);
  });

  it('is asked by label and entity, which older ones have in manifests alone', async () => {
    const session = await frozen(name);
    const query = { filters: ['label.stage=test', 'entity=ticket:*'], now: session.now() };
    const found: unknown[] = [];
    for await (const r of listArtifacts(await session.catalog(), query, completerOf(session))) {
      found.push([r.name, r.labels]);
    }
    expect(found).toEqual([['greeting', { stage: 'test' }]]);
  });

  it('is written today with the same content as by its first release', async () => {
    const facts = await known();
    const made = await contentOf(await buildFixtureStore(await tmp(), kept), kept);
    expect(ofNoReport(made)).toEqual(ofNoReport(facts.content));
  });
});
