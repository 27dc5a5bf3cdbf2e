import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

/** In this order: each is a step of one history. */
const CALLS: readonly (readonly [args: string, rows: number])[] = [
  ['put a b', 2],
  ['hash-object a b', 2],
  ['pin a b --name kept', 2],
  ['unpin a b --name kept', 2],
  ['retain a b --ttl 0', 2],
  ['gc --dry-run --now 2031-01-01', 2],
  ['fsck', 0],
  ['ledger verify', 0],
  ['du', 1],
  ['rm a --yes', 1],
  ['report', 1],
  ['report retention-report', 1],
  ['restore a', 1],
];

it.each(['--json', '--jsonl'])('every list comes in the manner of all (%s)', async (form) => {
  const cwd = await tmp();
  await mkdir(`${cwd}/d`);
  for (const name of ['a', 'b']) await writeFile(`${cwd}/${name}`, name);
  const hs = inside(cwd);
  await hs(['init']);
  for (const [words, rows] of CALLS) {
    // The names of files are none of artifacts: two of them are given by hand.
    if (words.startsWith('pin ')) for (const n of ['a', 'b']) await hs(['put', n, '--name', n]);
    const { stdout, stderr, status } = await hs([...words.split(' '), form]);
    expect([words, status, stderr]).toEqual([words, 0, '']);
    const lines = stdout.split('\n').slice(0, -1);
    const documents = await Promise.all(lines.map((line) => expectDocument(`${line}\n`)));
    const counted = form === '--json' ? documents[0].results.length : documents.length;
    expect([words, counted]).toEqual([words, words.startsWith('gc') ? counted : rows]);
  }
});
