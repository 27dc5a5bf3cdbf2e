import { cp, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { storeSource, treeSource } from '../../../src/ops/fsck/repair-source.js';
import { repairText } from '../../../src/ops/fsck/repair-text.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { openTestSession, type TestStoreOptions, TINY_PACKS } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import {
  contentsOf,
  copyStore,
  FSCK,
  filesBelow,
  idOf,
  overwrite,
  REPAIR,
  sampleStore,
} from './sample-store.js';

const ONE = idOf('one');
const FILE = idOf('the file');
const MANY = idOf('3'.repeat(1500));
const sessions: Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

/** Of packs that are not compressed: there one object of many can be damaged. */
async function world(given: TestStoreOptions = {}) {
  const options = { compresses: false, ...given };
  const base = await tmp();
  const made = await sampleStore(base, options);
  sessions.push(made.session);
  const open = async (dir = made.dir, more: TestStoreOptions = {}) => {
    const session = await openTestSession(dir, { useIndex: false, unchecked: true, ...options, ...more });
    sessions.push(session);
    return session;
  };
  const copy = `${base}/copy`;
  await copyStore(made.root, copy);
  return { ...made, base, copy, open };
}
type World = Awaited<ReturnType<typeof world>>;

async function damagePack({ root }: World, text: string): Promise<string> {
  for (const path of await filesBelow(`${root}/packs`)) {
    const bytes = await readFile(path);
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes[at]! ^= 1;
    await overwrite(path, bytes);
    return path;
  }
  throw new Error('no pack has it');
}

const quarantined = async ({ root }: World) =>
  (await filesBelow(`${root}/quarantine`).catch(() => [])).map((p) => p.slice(p.lastIndexOf('/') + 1));

describe('fsck --repair', () => {
  it.each(['a directory of files', 'another store'])('restores what is lost from %s', async (from) => {
    const w = await world();
    await overwrite(w.at(ONE), 'xxx');
    await unlink(w.at(FILE));
    await damagePack(w, '3333');
    await mkdir(`${w.base}/found`);
    await cp(w.sources, `${w.base}/found/a`, { recursive: true });
    const session = await w.open();
    const source =
      from === 'another store'
        ? await storeSource(await w.open(w.copy))
        : treeSource(session, `${w.base}/found`);
    const report = await fsck(session, REPAIR, source);
    expect(report.findings.filter((f) => !f.repaired)).toEqual([]);
    expect(report.repairs.map((r) => [r.action, r.subject, r.state]).sort()).toEqual(
      [ONE, FILE, MANY].map((id) => ['restore', `object ${id}`, 'done']).sort(),
    );
    expect(await fsck(await w.open(), FSCK)).toMatchObject({ ok: true, findings: [] });
    expect(await readFile(w.at(ONE), 'utf8')).toBe('one');
    // Nothing else came in, and nothing was set aside.
    expect(await quarantined(w)).toEqual([]);
  });

  it('shows in a dry run, changing nothing, what it then does and records', async () => {
    const w = await world();
    await overwrite(w.at(ONE), 'xxx');
    await overwrite(w.at(FILE), 'xxx');
    await rm(`${w.root}/tmp`, { recursive: true });
    const source = treeSource(await w.open(), `${w.sources}/d`);
    const before = await contentsOf(w.root);
    const plan = await fsck(await w.open(), { ...FSCK, dryRun: true }, source);
    expect(await contentsOf(w.root)).toEqual(before);
    expect(plan.repaired).toBe(0);
    const report = await fsck(await w.open(), REPAIR, source);
    const steps = plan.repairs.map(({ state, ...step }) => [state, step] as const);
    expect(steps.map(([state]) => state)).toEqual(['planned', 'planned', 'planned']);
    expect(report.repairs.map(({ state: _, ...step }) => step)).toEqual(steps.map(([, step]) => step));
    const session = await w.open();
    const { seq } = (await session.catalog()).head;
    const entry = (await session.store.ledger.read(seq)).entry;
    expect(entry.type).toBe('integrity_finding');
    const payload = (await session.store.payloadOf(entry)) as { subjects: string[]; repaired: number };
    const first = (await session.store
      .payloadOf((await session.store.ledger.read(seq - 1)).entry)
      .catch(() => payload)) as {
      subjects?: string[];
    };
    const lines = [...payload.subjects, ...(first.subjects ?? [])];
    for (const { subject } of report.repairs) expect(lines.some((line) => line.includes(subject))).toBe(true);
  });

  it('restores a damaged object from its copy in the trash, and one file of two copies', async () => {
    const w = await world();
    const [batch] = await readdir(`${w.root}/trash`);
    await cp(w.at(ONE), `${w.root}/trash/${batch}/${ONE}`);
    await overwrite(w.at(ONE), 'xxx');
    // A damaged file beside an intact copy in a pack.
    await writeFile(w.at(MANY), 'xxx', { mode: 0o444 });
    const report = await fsck(await w.open(), REPAIR);
    expect(report.findings.filter((f) => !f.repaired)).toEqual([]);
    expect(report.repairs).toMatchObject([
      { action: 'restore', subject: `object ${ONE}`, source: `trash/${batch}/${ONE}`, state: 'done' },
      { action: 'set-aside', subject: `objects/${MANY.slice(0, 2)}/${MANY}`, state: 'done' },
    ]);
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  });

  it('moves what cannot be mended to the quarantine, and says what is lost', async () => {
    const w = await world();
    await overwrite(w.at(ONE), 'xxx');
    await damagePack(w, '3333');
    const report = await fsck(await w.open(), REPAIR);
    expect(report.findings.filter((f) => !f.repaired).map((f) => f.message)).toEqual([
      expect.stringContaining(`file '3' is damaged: object ${MANY}`),
      expect.stringContaining(`file 'one' is damaged: object ${ONE}`),
    ]);
    expect((await quarantined(w)).sort()).toEqual([MANY, ONE].sort());
    const again = await fsck(await w.open(), REPAIR);
    expect(again.repairs).toEqual([]);
    expect(again.findings.map((f) => f.message)).toEqual([
      expect.stringContaining(`file '3' is missing: object ${MANY}`),
      expect.stringContaining(`file 'one' is missing: object ${ONE}`),
    ]);
    expect(await (await w.open()).store.inventory.quarantine()).toEqual({ files: 2, size_bytes: 1503 });
  });

  it('moves a pack with a block that cannot be read to the quarantine, and keeps the rest of it', async () => {
    const w = await world({ compresses: true });
    const [path] = await filesBelow(`${w.root}/packs`);
    const bytes = await readFile(path!);
    bytes.fill(0xff, 10, 40);
    await overwrite(path!, bytes);
    const report = await fsck(await w.open(), REPAIR);
    expect([...new Set(report.repairs.map(({ action, state }) => `${action} ${state}`))]).toEqual([
      'set-aside done',
    ]);
    expect(await quarantined(w)).toEqual([path!.slice(path!.lastIndexOf('/') + 1)]);
    // What a manifest or an index names is only known once that is there again.
    for (const _ of ['manifests', 'indexes', 'files'])
      await fsck(await w.open(), REPAIR, await storeSource(await w.open(w.copy)));
    expect(await fsck(await w.open(), FSCK)).toMatchObject({ ok: true, findings: [] });
  });

  it('finds the lost files of an index that was lost as well', async () => {
    const w = await world();
    const { content_hash } = (await (await w.session.catalog()).live().all()).find((r) => r.name === 'd')!;
    await unlink(w.at(content_hash));
    await unlink(w.at(ONE));
    const report = await fsck(await w.open(), REPAIR, await storeSource(await w.open(w.copy)));
    expect(report.findings.map((f) => f.repaired)).toEqual([true, true]);
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  });

  it('takes the intact objects out of a pack whose index is damaged', async () => {
    const w = await world();
    for (const path of await filesBelow(`${w.root}/packs`)) {
      const bytes = await readFile(path);
      // In the size of the last object, which is lost: the others are found all the same.
      bytes[bytes.length - 13]! ^= 1;
      await overwrite(path, bytes);
    }
    const report = await fsck(await w.open(), REPAIR);
    expect(report.repairs.some((r) => r.action === 'set-aside')).toBe(true);
    const { findings } = await fsck(await w.open(), FSCK);
    expect(findings.map((f) => f.message)).toEqual([expect.stringMatching(/^many .* is missing: /)]);
    await fsck(await w.open(), REPAIR, await storeSource(await w.open(w.copy)));
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  });

  it('does not bring back a damaged object from the trash, though a sample left it unread', async () => {
    const w = await world();
    const [batch] = await readdir(`${w.root}/trash`);
    await overwrite(w.at(ONE), 'xne');
    await rename(w.at(ONE), `${w.root}/trash/${batch}/${ONE}`);
    const report = await fsck(await w.open(), { ...REPAIR, sample: 1e-9 });
    expect([report.repairs, report.repaired]).toEqual([[], 0]);
    await fsck(await w.open(), REPAIR, await storeSource(await w.open(w.copy)));
    expect(await readFile(w.at(ONE), 'utf8')).toBe('one');
    // Nothing of the trash is removed by a repair.
    const { findings } = await fsck(await w.open(), FSCK);
    expect(findings.map((f) => f.subject)).toEqual([`trash/${batch}/${ONE}`]);
  });

  it('drops no copy in a pack once the file beside it is damaged', async () => {
    const w = await world();
    const pack = await damagePack(w, '3333');
    await writeFile(w.at(MANY), '3'.repeat(1500), { mode: 0o444 });
    const before = await readFile(pack);
    const real = nodeDisk();
    // It rots after the check has read it.
    let reads = 0;
    const disk = alteredDisk(real, {
      open: async (path, options) => {
        if (path.endsWith(MANY) && options.access === 'read' && ++reads === 2) await overwrite(path, 'xxx');
        return real.open(path, options);
      },
    });
    const session = await w.open(w.dir, { disk });
    const { repairs } = await fsck(session, REPAIR);
    expect(repairs[0]).toMatchObject({ action: 'drop', state: 'failed' });
    expect(await readFile(pack)).toEqual(before);
  });

  it('leaves an object where it is whose right bytes came meanwhile', async () => {
    const w = await world();
    await overwrite(w.at(ONE), 'xxx');
    const real = nodeDisk();
    const disk = alteredDisk(real, {
      rename: async (from, to) => {
        if (to.includes('/quarantine/')) {
          await unlink(from);
          await writeFile(from, 'one', { mode: 0o444 });
        }
        return real.rename(from, to);
      },
    });
    await fsck(await w.open(w.dir, { disk }), REPAIR);
    expect(await readFile(w.at(ONE), 'utf8')).toBe('one');
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
    expect(await quarantined(w)).toEqual([]);
  });

  it('restores nothing of a copy whose bytes changed since it was found', async () => {
    const w = await world();
    await overwrite(w.at(ONE), 'xxx');
    const path = `${w.base}/changed`;
    await writeFile(path, 'other');
    const copy = { name: path, open: () => nodeDisk().open(path, { access: 'read' }) };
    const find = async (wanted: Iterable<ObjectId>) => new Map([...wanted].map((id) => [id, copy]));
    const report = await fsck(await w.open(), REPAIR, { find });
    expect(report.repairs).toMatchObject([{ action: 'restore', state: 'failed' }]);
    expect(report.repaired).toBe(0);
  });

  it('takes nothing from a store that the actor may not repair', async () => {
    const w = await world();
    const other = await w.open(w.copy, { actor: 'ai_job:worker' });
    await expect(storeSource(other)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('records every repair, of many', async () => {
    const w = await world();
    const session = await w.open();
    for (let i = 0; i < 400; i++) await writeFile(`${w.root}/tmp/${'e'.repeat(24)}-${i}`, '');
    const report = await fsck(session, REPAIR);
    expect(report.repairs).toHaveLength(400);
    const { entry } = await session.store.ledger.read((await session.catalog()).head.seq);
    expect(await session.store.payloadOf(entry)).toMatchObject({ findings: 400, repaired: 400 });
    const { subjects } = (await session.store.payloadOf(entry)) as { subjects: string[] };
    expect(new Set(subjects).size).toBe(400);
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  });
});

it('a repair says what it would do, has done, or could not do', () => {
  const step = { action: 'set-aside', subject: 'objects/5e/5e' } as const;
  expect((['planned', 'done', 'failed'] as const).map((state) => repairText(step, state))).toEqual([
    'would move objects/5e/5e to the quarantine',
    'moved objects/5e/5e to the quarantine',
    'could not move objects/5e/5e to the quarantine',
  ]);
  const restored = { action: 'restore', subject: 'object 5e', source: '/copy' } as const;
  expect(repairText(restored, 'done')).toBe('restored object 5e from /copy');
});

describe('a damaged policy', () => {
  it('comes back from a copy if it lets the actor repair, and otherwise stops every repair', async () => {
    const w = await world();
    const { policyId } = await w.session.catalog();
    await overwrite(w.at(policyId), 'none');
    const alone = await fsck(await w.open(), REPAIR);
    expect([alone.ok, alone.repaired]).toEqual([false, 0]);
    const source = await storeSource(await w.open(w.copy));
    const job = await w.open(w.dir, { actor: 'ai_job:worker' });
    await expect(fsck(job, REPAIR, source)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await readFile(w.at(policyId), 'utf8')).toBe('none');
    expect((await fsck(await w.open(), REPAIR, source)).findings.filter((f) => !f.repaired)).toEqual([]);
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  });
});

describe('a lost record of the ledger', () => {
  it.each(['its content', 'its trailer', 'its index'])(
    'comes back from a copy if %s is damaged',
    async (what) => {
      const w = await world({ compresses: true, packLimits: { ...TINY_PACKS, aloneBytes: 1 } });
      const many = Array.from({ length: 101 }, (_, i) => `${w.sources}/of-one/${i}`);
      await mkdir(`${w.sources}/of-one`);
      for (const path of many) await writeFile(path, path);
      await put(
        w.session,
        many.map((path) => ({ path })),
        {},
      );
      await copyStore(w.root, `${w.base}/later`);
      const { entry } = await w.session.store.ledger.read((await w.session.catalog()).head.seq);
      const record = Buffer.from(entry.ops_object!, 'hex');
      for (const path of await filesBelow(`${w.root}/packs`)) {
        const bytes = await readFile(path);
        const at = bytes.indexOf(record);
        if (at < 0) continue;
        bytes[what === 'its content' ? 100 : what === 'its index' ? at + 31 : bytes.length - 1]! ^= 1;
        await overwrite(path, bytes);
      }
      await expect((await w.open()).catalog()).rejects.toThrow();
      expect((await fsck(await w.open(), REPAIR)).repaired).toBe(0);
      const source = await storeSource(await w.open(`${w.base}/later`));
      const planned = await fsck(await w.open(), { ...FSCK, dryRun: true }, source);
      const report = await fsck(await w.open(), REPAIR, source);
      expect(report.findings.filter((f) => !f.repaired)).toEqual([]);
      const back = { action: 'restore', subject: `object ${entry.ops_object}` };
      for (const { repairs } of [planned, report])
        expect(repairs).toContainEqual(expect.objectContaining(back));
      expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
    },
  );
});
