import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonSync } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { helpText } from '../../src/cli/help/help.js';
import { ledgerFields, withLedgerFields } from '../../src/cli/help/ledger-fields.js';
import { manPages } from '../../src/cli/help/man.js';
import { literal, prose, usageWords } from '../../src/cli/help/mdoc.js';
import { plainStyle } from '../../src/cli/text/style.js';
import { PAYLOADS } from '../../src/core/ledger/entry-types.js';

const root = join(import.meta.dirname, '../..');
const man = join(root, 'man');
const hasMandoc = spawnSync('mandoc', ['-h']).error === undefined;

describe('man pages', () => {
  it('match the command table (node scripts/man.mjs)', async () => {
    const generated = await manPages(registry);
    const there = readdirSync(man).filter((name) => name.endsWith('.1'));
    expect(there.sort()).toEqual([...generated.keys()].sort());
    for (const [name, text] of generated) {
      expect(readFileSync(join(man, name), 'utf8') === text, `${name} differs: node scripts/man.mjs`).toBe(
        true,
      );
    }
  });

  it('tell of every field of every ledger payload, with its bounds (node scripts/man.mjs)', () => {
    const page = readFileSync(join(man, 'hs-ledger.7'), 'utf8');
    expect(withLedgerFields(page) === page, 'hs-ledger.7 differs: node scripts/man.mjs').toBe(true);
    const fields = ledgerFields().join(' ');
    for (const type of Object.keys(PAYLOADS)) expect(fields).toContain(`.It Ql ${literal(type)} `);
    expect(fields).toContain('\\fBtext\\fR text of 1 to 4096 characters');
    expect(fields).not.toMatch(/undefined|\bobject Object\b/);
  });

  it('on subjects are all found by hs help', async () => {
    const pages = readdirSync(man).filter((name) => /\.[57]$/.test(name));
    const view = { style: plainStyle, width: 100 };
    for (const name of pages) {
      const summary = /^\.Nd (.*)$/m.exec(readFileSync(join(man, name), 'utf8'))![1];
      const [, page, section] = /^(.*)\.(\d)$/.exec(name)!;
      const text = await helpText(registry, [page!], view);
      expect(text).toBe(`${page}(${section}): ${summary}\n  man ${section} ${page}`);
      const word = page!.replace(/^hs(?:store)?-/, '');
      expect(await helpText(registry, [word], view)).toContain(text);
      expect(await helpText(registry, [], view)).toContain(summary);
    }
  });

  it('are all listed in package.json, so that they are installed', () => {
    const { man: listed } = readJsonSync(join(root, 'package.json')) as { man: string[] };
    expect(listed).toEqual(
      readdirSync(man)
        .sort()
        .map((name) => `./man/${name}`),
    );
  });

  it.skipIf(!hasMandoc)('pass mandoc -T lint (needs mandoc)', () => {
    const pages = readdirSync(man);
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', ...pages], { cwd: man, encoding: 'utf8' });
    // mandoc looks for other pages among those installed; ours are looked for here.
    const complaints = stdout.split('\n').filter((line) => {
      const [, page, section] = /referenced manual not found: Xr (\S+) (\d)/.exec(line) ?? [];
      return (
        line !== '' &&
        (page === undefined || (page.startsWith('hs') && !pages.includes(`${page}.${section}`)))
      );
    });
    expect(complaints).toEqual([]);
  });
});

describe('mdoc text', () => {
  it('cannot be taken for a macro, an escape or a hyphen', () => {
    expect(prose('.Nm is \\fBnot\\fR bold.')).toEqual(['\\&.Nm is \\efBnot\\efR bold.']);
    expect(literal("hs put --name 'a'")).toBe('hs put \\-\\-name \\(aqa\\(aq');
  });

  it('begins a line with each sentence and keeps lines short', () => {
    const lines = prose(`One sentence. Another one, (e.g. this), ${'long '.repeat(40)}end? Yes.`);
    expect(lines[0]).toBe('One sentence.');
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(80);
  });

  it('shows code in bold, word by word', () => {
    expect(prose('run `hs gc` now')).toEqual(['run \\fBhs\\fR \\fBgc\\fR now']);
  });

  it('marks up a usage', () => {
    expect(usageWords('put [--name NAME] [PATH...]')).toBe(
      'Cm put Oo Ns Fl \\-name Ar NAME Ns Oc Oo Ns Ar PATH Ns \\&... Ns Oc',
    );
    expect(usageWords('(head|cat) [OPTION]...')).toBe('( Cm head | Cm cat ) Oo Ns Ar OPTION Ns Oc Ns \\&...');
  });

  it.skipIf(!hasMandoc)('keeps together what is typed together (needs mandoc)', () => {
    const page = (words: string) => `.Dd November 22, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.${usageWords(words)}\n`;
    for (const words of [
      '--[no-]exportable',
      '[--batch-check[=FORMAT]]',
      '[OPTION]... ID',
      '-- COMMAND...',
    ]) {
      const { stdout } = spawnSync('mandoc', ['-T', 'utf8'], { input: page(words), encoding: 'utf8' });
      expect(stdout.replaceAll(/.\x08/g, '').split('\n')).toContain(`     ${words}`);
    }
  });
});
