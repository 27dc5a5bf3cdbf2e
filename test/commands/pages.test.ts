import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { openStore } from '../../src/index.js';
import { expectDocument } from '../helpers/document.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const JOB = { HS_ACTOR: 'ai_job:worker' };

/** A store from which `gone` was removed, as sensitive as the options say, and in which `kept` is left. */
async function world(...options: string[]) {
  const cwd = await tmp();
  const hs = inside(cwd);
  await hs(['init']);
  await writeFile(join(cwd, 'gone'), 'x'.repeat(2000));
  await writeFile(join(cwd, 'kept'), 'y'.repeat(3000));
  await hs(['put', 'gone', '--name', '<b>gone</b>', ...options]);
  await hs(['put', 'kept', '--name', 'kept']);
  const { status } = await hs(['rm', 'name:<b>gone</b>', '--yes', '--reason', 'no longer needed']);
  expect(status).toBe(0);
  const page = () => readFile(join(cwd, 'page.html'), 'utf8');
  return { cwd, hs, page };
}

describe('hs report --html', () => {
  it('writes a page that is an artifact, lets it out through the door, and leaves a record', async () => {
    const { cwd, hs, page } = await world();
    const { status, stdout } = await hs(['report', 'retention-report', '--html', 'page.html']);
    expect([status, stdout]).toEqual([0, `${cwd}/page.html\n`]);
    const text = await page();
    for (const said of [
      '&lt;b&gt;gone&lt;/b&gt;',
      'requested',
      'no longer needed',
      'kept',
      'within the window',
    ])
      expect(text).toContain(said);
    const hash = sha256(Buffer.from(text));
    const [record] = (await hs(['ledger', 'cat', '--jsonl', '--type', 'export_record'])).stdout
      .trim()
      .split('\n');
    const { payload } = JSON.parse(record!);
    expect(payload).toMatchObject({
      outcome: 'done',
      source_hashes: [hash],
      export_target: `${cwd}/page.html`,
    });
    const shown = JSON.parse((await hs(['cat-artifact', '--manifest', 'retention-report-page'])).stdout);
    expect(shown).toMatchObject({
      kind: 'report',
      mime: 'text/html',
      content_hash: hash,
      retention_class: 'cache',
    });
    expect(shown.source_artifact_refs).toHaveLength(1);
  });

  it('says the same in one document, with where the page is', async () => {
    const { cwd, hs } = await world();
    const { stdout } = await hs(['report', 'retention-report', '--html', 'page.html', '--json']);
    const document = await expectDocument(stdout);
    expect(document.page).toMatchObject({ target: `${cwd}/page.html`, replaced: false });
    expect(document.report.pruned).toBe(1);
  });

  it('replaces a file only with --force, and can be standard output', async () => {
    const { hs, page } = await world();
    const write = (...more: string[]) => hs(['report', 'retention-report', '--html', 'page.html', ...more]);
    expect((await write()).status).toBe(0);
    expect((await write()).status).toBe(8);
    expect((await write('--force', '--target', 'platform:wiki')).status).toBe(0);
    const piped = await hs(['report', 'retention-report', '--html', '-']);
    expect([piped.status, piped.stdout.slice(0, 15)]).toEqual([0, '<!doctype html>']);
    expect(piped.stdout.split('\n').length).toBe((await page()).split('\n').length);
  });

  it('requires reading the report, and exporting what it names', async () => {
    const { hs } = await world('--classification', 'high', '--ttl', '5');
    const refused = await hs(['report', 'retention-report', '--html', 'page.html'], { env: JOB });
    expect(refused.status).toBe(6);
    expect((await hs(['ls', '--name', 'retention-report-page'])).stdout).toBe('');
    const blocked = await hs(['report', 'retention-report', '--html', 'page.html']);
    expect(blocked.status).toBe(6);
    const id = /the page is artifact '([0-9a-f]{8})'/.exec(blocked.stderr)![1]!;
    expect(blocked.stderr).toContain(`then hs export ${id} FILE`);
    await hs(['reclassify', id, '--exportable', '--reason', 'asked for by the auditor']);
    const { content_hash: hash } = JSON.parse((await hs(['cat-artifact', '--manifest', id])).stdout);
    expect((await hs(['export', id, 'page.html', '--consent', hash, '--target', 'public'])).status).toBe(6);
    expect((await hs(['export', id, 'page.html', '--consent', hash])).status).toBe(0);
  });

  it('is refused where the options make no sense', async () => {
    const { hs } = await world();
    for (const args of [
      ['report', '--html', 'x'],
      ['report', 'retention-report', '--force'],
      ['du', '--target', 'public'],
      ['du', '--html', '-', '--json'],
    ])
      expect((await hs(args)).status).toBe(2);
  });
});

describe('hs du --html', () => {
  it('writes what du shows, and is as sensitive as the artifacts it names', async () => {
    const { hs, page } = await world();
    expect(
      (await hs(['put', 'gone', '--name', 'secret-plan', '--classification', 'high', '--ttl', '4'])).status,
    ).toBe(0);
    const { status, stdout } = await hs(['du', '--by', 'class', '--html', 'page.html', '--json']);
    expect(status).toBe(0);
    const document = await expectDocument(stdout);
    expect(document.page.target).toMatch(/page\.html$/);
    expect(await page()).toContain('Space by class over time');
    expect(await page()).not.toContain('secret-plan');
    expect((await hs(['du', '--by', 'name', '--html', 'named.html'])).status).toBe(6);
  });
});

it('pages are there for programs', async () => {
  const { cwd, page } = await world();
  process.env.XDG_STATE_HOME = `${cwd}/.state`;
  const store = await openStore({ store: cwd, actor: 'human:tester' });
  const { report, page: made } = await store.exportReport('retention-report', join(cwd, 'page.html'));
  expect([report.header.pruned, made.target]).toEqual([1, join(cwd, 'page.html')]);
  expect(await page()).toContain('Retention report');
  const { usage } = await store.exportUsage(join(cwd, 'page.html'), { by: 'class', force: true });
  expect(usage.artifacts).toBeGreaterThan(1);
  expect(await page()).toContain('Disk usage');
  await store.close();
});
