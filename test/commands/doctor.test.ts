import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import type { DoctorCheck } from '../../src/core/health-check.js';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { checkNode, checkPlatform } from '../../src/ops/doctor/check-machine.js';
import { checkStore } from '../../src/ops/doctor/check-store.js';
import { put } from '../../src/ops/put/put.js';
import { HINT_REPAIR, HINT_STRAY } from '../../src/store/port/finding.js';
import { alteredDisk } from '../helpers/altered-disk.js';
import { indexFiles } from '../helpers/index-dir.js';
import { inside } from '../helpers/inside.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { readOnlyDisk } from '../sim/read-only-disk.js';

const states = (checks: readonly DoctorCheck[]) => Object.fromEntries(checks.map((c) => [c.check, c.state]));

/** A store whose session is opened as doctor does. */
async function store() {
  const dir = await tmp();
  const session = await testStore(dir);
  await session.write('ledger.note', [], (tx) => tx.commit(() => ({ type: 'note', payload: { text: 'x' } })));
  await session.close();
  const look = async (options: Parameters<typeof openTestSession>[1] = {}) => {
    const opened = await openTestSession(dir, { unchecked: true, ...options });
    try {
      return await checkStore(opened);
    } finally {
      await opened.close();
    }
  };
  return { dir, root: `${dir}/.hsstore`, look };
}

describe('hs doctor', () => {
  it('looks at the machine where there is no store', async () => {
    const hs = inside(await tmp());
    const { status, stdout } = await hs(['doctor', '--json']);
    const checks = JSON.parse(stdout).results as DoctorCheck[];
    expect(states(checks)).toMatchObject({ node: 'ok', platform: 'ok', descriptors: 'ok', store: 'ok' });
    expect(status).toBe(checks.some((c) => c.state === 'problem') ? 1 : 0);
    expect(checks.filter((c) => c.check.startsWith('sandbox')).length).toBeGreaterThan(0);
  });

  it('says so when the store that was named is none, or of a version that it does not know', async () => {
    const dir = await tmp();
    const hs = inside(dir);
    await mkdir(`${dir}/.hsstore`);
    await writeFile(`${dir}/.hsstore/format.json`, '{"format":"hsstore","version":2}');
    const { status, stdout } = await hs(['doctor']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/problem\s+store.*version 2/);
  });

  it('finds a new store in order, and leaves nothing behind', async () => {
    const { look, root } = await store();
    const checks = await look();
    expect(states(checks)).toMatchObject({
      store: 'ok',
      writable: 'ok',
      exchange: 'ok',
      leases: 'ok',
      ledger: 'ok',
      anchor: 'ok',
      clock: 'ok',
      index: 'ok',
    });
    expect([await readdir(`${root}/tmp`), await readdir(`${root}/leases`)]).toEqual([[], []]);
  });

  it('reports leases and files of dead commands, and how to clear them', async () => {
    const { look, root } = await store();
    await writeFile(`${root}/leases/${'d'.repeat(24)}`, '');
    await writeFile(`${root}/tmp/${'e'.repeat(24)}-0`, '');
    const checks = await look();
    expect(states(checks)).toMatchObject({ lease: 'warning', temporaries: 'warning' });
    expect(checks.find((c) => c.check === 'lease')?.mend).toContain('hs fsck --repair');
  });

  it('advises what fsck would do about files in tmp/ that no command staged', async () => {
    const { look, root, dir } = await store();
    await mkdir(`${root}/tmp/foo`);
    const stray = (await look()).filter((c) => c.check === 'temporaries');
    expect(stray).toEqual([
      expect.objectContaining({ found: expect.stringContaining("'tmp/foo'"), mend: HINT_STRAY }),
    ]);
    const repair = (await inside(dir)(['fsck', '--repair', '-n'])).stdout;
    expect(repair).not.toMatch(/remove .*tmp/);
    await writeFile(`${root}/tmp/${'e'.repeat(24)}-0`, '');
    expect((await look()).find((c) => c.found.startsWith('1 file in tmp/'))?.mend).toBe(HINT_REPAIR);
  });

  it('says that the index is not used because the disk is nearly full', async () => {
    const { look } = await store();
    const full = alteredDisk(nodeDisk(), { space: async () => ({ type: 0, freeBytes: 4096 }) });
    expect((await look({ disk: full })).find((c) => c.check === 'index')).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('the disk is nearly full, so the index is not used'),
      mend: expect.stringContaining('free some space'),
    });
  });

  it('says that the index was damaged, and that it was thrown away', async () => {
    const { dir, look, root } = await store();
    await writeFile(`${dir}/f`, 'x');
    const session = await openTestSession(dir);
    await put(session, [{ path: `${dir}/f` }], { name: 'f' });
    await session.catalog();
    await session.close();
    for (const data of indexFiles(root, 'run-')) {
      const text = (await readFile(data)).toString('latin1');
      await writeFile(data, text.replaceAll('"', "'"), 'latin1');
    }
    expect(await look()).toContainEqual(
      expect.objectContaining({
        check: 'index',
        state: 'warning',
        found: expect.stringContaining('damaged'),
      }),
    );
    expect(states(await look())).toMatchObject({ index: 'ok' });
  });

  it('says so where files cannot be locked', async () => {
    const { look } = await store();
    const real = nodeDisk();
    const open: typeof real.open = async (path, options) =>
      Object.assign(await real.open(path, options), {
        tryLock: async () => {
          throw errnoError('ENOSYS', 'lock');
        },
      });
    expect(states(await look({ disk: alteredDisk(real, { open }) })).locks).toBe('problem');
  });

  it('reports a clock behind the newest entry', async () => {
    const { look } = await store();
    const checks = await look({ clock: { now: () => Date.UTC(2020, 0, 1) } });
    expect(states(checks).clock).toBe('problem');
  });

  it('says that a ledger was rolled back, and that an anchor cannot be kept', async () => {
    const { look, root, dir } = await store();
    await unlink(`${root}/ledger/000000/0000000001.json`);
    const rolled = await look();
    expect(states(rolled).ledger).toBe('problem');
    expect(rolled.find((c) => c.check === 'ledger')?.mend).toContain('accept-rollback');
    for (const name of await readdir(`${dir}/.state/hs/anchors`))
      await writeFile(`${dir}/.state/hs/anchors/${name}`, 'rubbish');
    expect((await look()).find((c) => c.check === 'ledger')).toMatchObject({
      state: 'problem',
      found: expect.stringContaining('cannot be read'),
    });
    await remove(`${dir}/.state`);
    await writeFile(`${dir}/.state`, 'in the way');
    expect(states(await look()).anchor).toBe('warning');
  });

  it('says that an anchor which is there cannot be moved on', async () => {
    const { look } = await store();
    const full = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'writeFile' && path.includes('/anchors/'))
        throw errnoError('ENOSPC', operation, path);
    });
    expect(states(await look()).anchor).toBe('ok');
    expect((await look({ disk: full })).find((c) => c.check === 'anchor')).toMatchObject({
      state: 'warning',
      found: expect.stringMatching(/cannot be kept in '.*': it stays at entry \d+/),
    });
  });

  it('says that a store cannot be written, and looks at the rest', async () => {
    const { look } = await store();
    const checks = await look({ disk: readOnlyDisk(nodeDisk()) });
    expect(states(checks)).toMatchObject({ writable: 'warning', ledger: 'ok' });
  });

  it('knows which Node and which platforms will do', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.1.0'])
      expect(checkNode(version).state).toBe('ok');
    for (const version of ['20.18.3', '18.99.0']) expect(checkNode(version).state).toBe('problem');
    expect([
      checkPlatform('linux').state,
      checkPlatform('darwin').state,
      checkPlatform('win32').state,
    ]).toEqual(['ok', 'warning', 'problem']);
  });
});
