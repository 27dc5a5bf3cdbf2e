import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EntryPayload } from '../../../src/core/ledger/entry-types.js';
import { openStore } from '../../../src/index.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { planExport } from '../../../src/ops/export/plan-export.js';
import { showArtifact } from '../../../src/ops/inspect/show-artifact.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { BOUND_BY_MODES, hsBoundByModes } from '../../helpers/bound-by-modes.js';
import { behind, openTestSession, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

const INTEGRITY = { code: 'INTEGRITY' };

/** A store with a file `a` and a directory `d`, and a way to change the bytes of an object behind its back. */
async function world() {
  const dir = await tmp();
  const session = await testStore(dir);
  await writeFile(join(dir, 'a'), 'hello');
  await put(session, [{ path: join(dir, 'a') }], { name: 'a' });
  const record = (await (await session.catalog()).named('a').all())[0]!;
  const damage = async (id: string) => {
    const path = behind(session).layout.object(id as never);
    await chmod(path, 0o644);
    await writeFile(path, 'other');
  };
  return { dir, session, record, damage };
}

async function findings(session: Session): Promise<EntryPayload<'integrity_finding'>[]> {
  const found: EntryPayload<'integrity_finding'>[] = [];
  for await (const { entry } of session.store.ledger.walk()) {
    if (entry.type === 'integrity_finding') found.push(entry.payload as EntryPayload<'integrity_finding'>);
  }
  return found;
}

const read = (session: Session, id: string) => session.read(() => session.store.objects.read(id as never));

describe('bytes that do not match their hash', () => {
  it('leave one finding in the ledger, however often and by whomever they are read', async () => {
    const { dir, session, record, damage } = await world();
    await damage(record.content_hash);
    for (let i = 0; i < 3; i++)
      await expect(read(session, record.content_hash)).rejects.toMatchObject(INTEGRITY);
    const other = await openTestSession(dir, { actor: 'ai_job:reader' });
    await expect(read(other, record.content_hash)).rejects.toMatchObject(INTEGRITY);
    expect(await findings(session)).toMatchObject([
      { findings: 1, subjects: [record.content_hash], repaired: 0 },
    ]);
  });

  it('leave it also where an export meets them, after its record', async () => {
    const { dir, session, record, damage } = await world();
    await damage(record.content_hash);
    const place = (name: string) => ({ kind: 'path' as const, path: join(dir, name) });
    for (const name of ['x', 'y']) {
      const done = exportArtifact(session, { artifact: 'a', place: place(name) });
      await expect(done).rejects.toMatchObject(INTEGRITY);
    }
    expect(await findings(session)).toMatchObject([{ subjects: [record.content_hash] }]);
  });

  it('leave it where the damage is told and not thrown', async () => {
    const { session, record, damage } = await world();
    await damage(record.manifest);
    expect((await showArtifact(session, 'a')).damage).toContain('does not match its name');
    expect(await findings(session)).toMatchObject([{ subjects: [record.manifest] }]);
  });

  it('leave it when a program streams them', async () => {
    const { dir, session, record, damage } = await world();
    await damage(record.content_hash);
    process.env.XDG_STATE_HOME = `${dir}/.state`;
    const library = await openStore({ store: dir, actor: 'human:tester' });
    const drain = async () => {
      for await (const _ of library.stream('a'));
    };
    await expect(drain()).rejects.toMatchObject(INTEGRITY);
    await library.close();
    expect(await findings(session)).toHaveLength(1);
  });

  it('is recorded once per object, and not for intact objects or plans', async () => {
    const { dir, session, record, damage } = await world();
    await read(session, record.content_hash);
    await damage(record.content_hash);
    await planExport(session, { artifact: 'a', place: { kind: 'path', path: join(dir, 'x') } });
    expect(await findings(session)).toEqual([]);
    await expect(read(session, record.content_hash)).rejects.toMatchObject(INTEGRITY);
    await damage(record.manifest);
    await expect(read(session, record.manifest)).rejects.toMatchObject(INTEGRITY);
    expect((await findings(session)).map((f) => f.subjects)).toEqual([
      [record.content_hash],
      [record.manifest],
    ]);
  });

  it('are the same error where nothing can be recorded', async () => {
    const { dir, session, record, damage } = await world();
    await damage(record.content_hash);
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const readOnly = await openTestSession(dir, { readOnly: true, warn });
    await expect(read(readOnly, record.content_hash)).rejects.toMatchObject(INTEGRITY);
    expect([await findings(session), warnings]).toEqual([[], []]);
  });

  it('are the same error where the ledger cannot take the finding, which is said', async () => {
    const { dir, session, record, damage } = await world();
    await damage(record.content_hash);
    const warnings: string[] = [];
    const failing = await openTestSession(dir, { warn: (message) => warnings.push(message) });
    failing.store.ledger.append = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await expect(read(failing, record.content_hash)).rejects.toMatchObject(INTEGRITY);
    expect(warnings).toEqual(['could not record the damage: full']);
    expect(await findings(session)).toEqual([]);
  });

  it.skipIf(BOUND_BY_MODES === undefined)(
    'are the same error to who may not write there (needs setpriv)',
    async () => {
      const { dir, session, record, damage } = await world();
      await damage(record.content_hash);
      const { leases } = behind(session).layout;
      await chmod(leases, 0o500);
      const { status, stderr } = await hsBoundByModes(['cat-artifact', 'a'], dir);
      await chmod(leases, 0o700);
      expect([status, stderr]).toEqual([5, expect.stringContaining('does not match its name')]);
      expect(stderr).not.toContain('could not be recorded');
      expect(await findings(session)).toEqual([]);
      // Where they may, the same reader leaves it.
      expect((await hsBoundByModes(['cat-artifact', 'a'], dir)).status).toBe(5);
      expect(await findings(session)).toHaveLength(1);
    },
  );
});
