import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeBundleIndex } from '../../src/core/bundle-index.js';
import { sha256 } from '../../src/core/hash.js';
import type { LedgerEntry } from '../../src/core/ledger-entry.js';
import { PAYLOADS } from '../../src/core/ledger-payload.js';
import { decodeManifest } from '../../src/core/manifest.js';
import { noProgress } from '../../src/core/ports.js';
import type { Session } from '../../src/ops/session.js';
import { Trash } from '../../src/store/trash.js';
import { verifyLedger } from '../../src/store/verify-ledger.js';
import { buildFixtureStore, packTree, unpackTree } from '../helpers/format-fixture.js';
import { openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const archive = fileURLToPath(new URL('../../fixtures/format-1/store.tar.gz', import.meta.url));
const facts = fileURLToPath(new URL('../../fixtures/format-1/store.json', import.meta.url));

/** What stays the same whatever ids and times a store has. */
async function contentOf(session: Session) {
  const { store } = session;
  const entries: LedgerEntry[] = [];
  const catalog = await store.foldFromLedger((entry) => entries.push(entry));
  const artifacts = await Promise.all(
    [...catalog.live()].map(async (r) => {
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

async function frozen(): Promise<Session> {
  const dir = await tmp();
  await unpackTree(await readFile(archive), dir);
  return openTestSession(dir, { useIndex: false });
}

it.runIf(process.env.HS_WRITE_FIXTURES === '1')('writes the fixture of a new format', async () => {
  const session = await buildFixtureStore(await tmp());
  await writeFile(archive, await packTree(session.store.root, '.hsstore'));
  const head = await session.store.ledger.head();
  const { policyId: policy } = await session.catalog();
  const known = { store_id: session.store.id, head, policy, content: await contentOf(session) };
  await writeFile(facts, `${JSON.stringify(known, null, 1)}\n`);
});

describe('a store of format 1', () => {
  it('that was written by its first release is read: every entry, manifest, payload and operation', async () => {
    const session = await frozen();
    const known = JSON.parse(await readFile(facts, 'utf8'));
    expect(session.store.id).toBe(known.store_id);
    expect(await session.store.ledger.head()).toEqual(known.head);
    expect((await session.catalog()).policyId).toBe(known.policy);
    expect(await contentOf(session)).toEqual(known.content);
    expect(known.content.entries.map(([type]: [string]) => type)).toEqual(
      expect.arrayContaining(Object.keys(PAYLOADS)),
    );
  });

  it('that was written by its first release has an unbroken ledger', async () => {
    const { store } = await frozen();
    const verdict = await verifyLedger(store, noProgress, new AbortController().signal);
    expect(verdict.problems).toEqual([]);
    expect(verdict.entries).toBe((await store.ledger.headSeq()) + 1);
  });

  it('that was written by its first release has its objects under their hashes, and its trash', async () => {
    const { store } = await frozen();
    const [batch] = await new Trash(store.disk, store.layout, store.ports.random).list();
    expect(batch).toMatchObject({ window: 'kept', seal: { leases: ['00000000000000000000ffff'] } });
    const lost = sha256(Buffer.from('nothing names this'));
    expect(await store.objects.size(lost)).toBe(18);
  });

  it('takes new artifacts', async () => {
    const session = await frozen();
    const before = await session.store.ledger.headSeq();
    await session.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'more' } })),
    );
    expect(await session.store.ledger.headSeq()).toBe(before + 1);
  });

  it('is written today with the same content as by its first release', async () => {
    const known = JSON.parse(await readFile(facts, 'utf8'));
    expect(await contentOf(await buildFixtureStore(await tmp()))).toEqual(known.content);
  });
});
