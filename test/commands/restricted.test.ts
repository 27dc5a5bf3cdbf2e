import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { openStore } from '../../src/index.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const JOB = { HS_ACTOR: 'ai_job:worker' };
const HIGH = ['--classification', 'high', '--ttl', '9'];
const hash = (text: string) => sha256(Buffer.from(text));

/** A store with files beside it; `put` stores one of them under its own name. */
async function workspace(files: Readonly<Record<string, string>>) {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  for (const [path, text] of Object.entries(files)) {
    await ensureDir(dirname(join(cwd, path)));
    await writeFile(join(cwd, path), text);
  }
  const put = async (path: string, ...more: string[]) => {
    const { status, stdout, stderr } = await hs(['put', join(cwd, path), '--name', path, ...more]);
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trim();
  };
  const asJob = async (...args: string[]) => (await hs(args, { env: JOB })).status;
  return { cwd, hs, put, asJob };
}

describe('a job without artifact.read:restricted', () => {
  it('reads restricted bytes neither in a directory nor in a bundle nor as the source of a run', async () => {
    const { cwd, hs, put, asJob } = await workspace({ 'd/s': 'secret', 'd/t': 'open', s: 'secret' });
    const id = await put('s', ...HIGH);
    await put('d');
    await hs(['bundle', 'create', 's', '--name', 'bun']);
    await hs(['reclassify', 'bun', '--classification', 'low', '--exportable', '--reason', 'r']);
    expect(await asJob('cat-object', hash('secret'))).toBe(6);
    expect(await asJob('cat-artifact', 'd', '--path', 's')).toBe(6);
    expect(await asJob('cat-artifact', 'bun', '--path', `members/${id}/payload`)).toBe(6);
    expect(await asJob('run', '--sandbox', 'none', '--source', 'd', '--', 'true')).toBe(125);
    expect(await asJob('cat-artifact', 'd', '--path', 't')).toBe(0);
    expect(await asJob('cat-artifact', '-p', 'd')).toBe(0);
    expect((await hs(['cat-artifact', 'd', '--path', 's'])).stdout).toBe('secret');
    process.env.XDG_STATE_HOME = `${cwd}/.state`;
    const library = await openStore({ store: cwd, actor: JOB.HS_ACTOR });
    await expect(library.read('d', { path: 's' })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(Buffer.from(await library.read('d', { path: 't' })).toString()).toBe('open');
    expect((await library.files('d')).map((f) => f.path)).toEqual(['s', 't']);
    await hs(['reclassify', 'd', '--classification', 'high', '--ttl', '9', '--reason', 'r']);
    await expect(library.files('d')).rejects.toMatchObject({ code: 'REFUSED' });
    await hs(['rm', 'd', '--yes']);
    expect(await asJob('report', 'retention-report')).toBe(6);
    await library.close();
  });

  it('reads restricted bytes under no other artifact, even after removal', async () => {
    const { hs, put, asJob } = await workspace({ s: 'secret', again: 'secret', 'd/k': 'key', k: 'key' });
    await put('s', ...HIGH);
    await put('again');
    await put('d', ...HIGH);
    await put('k');
    expect(await asJob('cat-artifact', 'again')).toBe(6);
    expect(await asJob('cat-artifact', 'k')).toBe(6);
    await hs(['rm', 's', '--yes']);
    expect(await asJob('cat-artifact', 'again')).toBe(6);
    expect((await hs(['cat-artifact', 'again'])).stdout).toBe('secret');
  });

  it('cannot read high content by exporting it with its own consent', async () => {
    const { hs, put, asJob } = await workspace({ s: 'secret', 'd/s': 'secret', t: 'open' });
    await put('s', ...HIGH);
    await hs(['reclassify', 's', '--exportable', '--reason', 'r']);
    await put('d');
    await put('t');
    const consent = ['--consent', hash('secret')];
    expect(await asJob('export', 's', ...consent)).toBe(6);
    expect(await asJob('export', 'd', ...consent)).toBe(6);
    expect(await asJob('export', 't', ...consent)).toBe(0);
    expect((await hs(['export', 's', ...consent])).status).toBe(0);
    const { stdout } = await hs(['ledger', 'cat', '--jsonl', '--type', 'export_record']);
    expect(stdout).toContain('"decision":"deny"');
  });
});

describe('hs show', () => {
  it('names what would block an export, and nothing if nothing would', async () => {
    const { hs, put } = await workspace({ s: 'secret', again: 'secret', t: 'open' });
    await put('again');
    await put('t');
    expect((await hs(['show', 'again'])).stdout).not.toContain('held back');
    const id = await put('s', ...HIGH);
    expect((await hs(['show', 'again'])).stdout).toContain(`held back by  s (${id.slice(0, 8)})\n`);
    expect((await hs(['show', 't'])).stdout).not.toContain('held back');
    const { held_back_by: by } = JSON.parse((await hs(['show', 'again', '--json'])).stdout);
    expect(by).toMatchObject([{ artifact_id: id, rules: ['high', 'not-exportable'], removed: false }]);
  });

  it('shows the arguments of a run that were recorded, as a shell would take them', async () => {
    const { hs } = await workspace({});
    const run = ['run', '--sandbox', 'none', '--name', 'made', '--record-args', '--'];
    const { status } = await hs([...run, 'sh', '-c', 'echo "$1" > "$HS_OUT/it\'s"', 'sh', 'a.b']);
    expect(status).toBe(0);
    expect((await hs(['show', 'made'])).stdout).toMatch(
      /^arguments +-c 'echo "\$1" > "\$HS_OUT\/it'\\\\''s"' sh a\.b$/m,
    );
  });
});
