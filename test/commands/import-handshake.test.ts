import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/index.js';
import { hash, idOf, placeOf, type Sample, writeWorkspace } from '../handshake/workspace.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const GOOD: Sample = { id: idOf(1), payload: 'hello' };
const BAD: Sample = { id: idOf(2), payload: 'x', manifest: { content_hash: hash('y') } };

async function world(samples: readonly Sample[]) {
  const [cwd, workspace] = [await tmp(), await tmp()];
  const hs = inside(cwd);
  await hs(['init']);
  await writeWorkspace(workspace, samples);
  const bring = (...more: string[]) => hs(['import', '--format', 'handshake', workspace, ...more]);
  return { cwd, workspace, hs, bring };
}

describe('hs import --format handshake', () => {
  it('prints imported ids; each refused one is an error, and the status says how many', async () => {
    const all = await world([GOOD]);
    expect(await all.bring()).toMatchObject({ status: 0, stdout: `${GOOD.id}\n` });
    const some = await world([GOOD, BAD]);
    const { status, stdout, stderr } = await some.bring();
    expect([status, stdout]).toEqual([3, `${GOOD.id}\n`]);
    expect(stderr).toContain(
      "'L3/00000002' was not taken: its payload does not have the hash that it states",
    );
    const none = await world([BAD]);
    expect((await none.bring()).status).toBe(5);
    const hostile = await world([{ id: idOf(3), payload: 'x', manifest: { filename_hint: '../x' } }]);
    expect((await hostile.bring()).status).toBe(7);
    expect((await hostile.hs(['import', '--format', 'handshake', hostile.cwd])).status).toBe(4);
  });

  it('reports existing artifacts, and that the stricter level now applies', async () => {
    const { bring, workspace, hs } = await world([GOOD]);
    await bring();
    expect((await bring()).stderr).toContain("'00000001' existed already\n");
    const strict = { classification: 'high', exportable: false, retention_ttl_days: 9000 };
    await writeWorkspace(workspace, [{ ...GOOD, manifest: strict }]);
    expect((await bring()).stderr).toContain('is now classified as strictly as in the workspace');
    const shown = JSON.parse((await hs(['show', GOOD.id, '--json'])).stdout);
    expect(shown.manifest).toMatchObject({ classification: 'high', exportable: false });
  });

  it('says all of it in one document, with the faults by their names', async () => {
    const { bring } = await world([{ ...GOOD, manifest: { odd: 1, pinned: true } }, BAD]);
    const { stdout } = await bring('--json');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: 'hs.import/1',
      format: 'handshake',
      dry_run: false,
      results: [
        {
          artifact_id: GOOD.id,
          stated_hash: hash('hello'),
          hash_form: 'payload',
          layer: 'L3',
          pinned: true,
          faults: [{ fault: 'unknown-field' }],
        },
      ],
      errors: [
        { code: 'INTEGRITY', details: { artifact_id: BAD.id, layer: 'L3', faults: ['hash-mismatch'] } },
      ],
    });
  });

  it('changes nothing with --dry-run, and the same status comes of it', async () => {
    const { hs, bring } = await world([GOOD, BAD]);
    const head = (await hs(['ledger', 'head'])).stdout;
    const { status, stdout } = await bring('--dry-run');
    expect([status, stdout]).toEqual([3, `${GOOD.id}\n`]);
    expect((await hs(['ledger', 'head'])).stdout).toBe(head);
    expect((await hs(['import', '--dry-run', 'bundle.tar'])).status).toBe(2);
  });

  it('gives sensitive artifacts without a TTL that of --ttl', async () => {
    const { hs, bring } = await world([{ ...GOOD, manifest: { kind: 'prompt_payload' } }]);
    expect((await bring()).status).toBe(5);
    expect((await bring('--ttl', '90000')).status).toBe(2);
    expect((await bring('--ttl', '30000')).status).toBe(0);
    expect((await hs(['cat-artifact', '--manifest', GOOD.id])).stdout).toContain(
      '"retention_ttl_days":30000',
    );
  });

  it('keeps names of the workspace from writing to the terminal', async () => {
    const { workspace, bring } = await world([{ ...GOOD, manifest: { mime: '\u001b[31mred' } }]);
    await writeFile(join(placeOf(workspace, GOOD), '\u001b[2Jx'), '');
    const { stdout, stderr } = await bring();
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr).toContain('is beside its payload');
  });

  it('is there for programs', async () => {
    const { cwd, workspace } = await world([GOOD, BAD]);
    process.env.XDG_STATE_HOME = `${cwd}/.state`;
    const store = await openStore({ store: cwd, actor: 'human:tester' });
    const planned = await store.planWorkspaceImport(workspace);
    const done = await store.importWorkspace(workspace);
    expect(done.artifacts).toEqual(planned.artifacts);
    expect(done.refused.map((r) => r.error.code)).toEqual(['INTEGRITY']);
    await store.close();
  });
});
