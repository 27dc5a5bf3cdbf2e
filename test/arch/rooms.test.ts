import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allImports, type Import, ROOT } from './imports.js';

const imports = allImports();

/** `src/ops/put/put.ts` as imports name it, `put.js`, is one file. */
const asSource = (path: string) => path.replace(/\.js$/, '.ts');

/** Each group of files of which every one reaches every other. */
function circles(list: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { file, target } of list) {
    const known = next.get(asSource(file)) ?? [];
    next.set(asSource(file), [...known, asSource(target)]);
  }
  const reach = (from: string) => {
    const seen = new Set<string>();
    const open = [...(next.get(from) ?? [])];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      open.push(...(next.get(file) ?? []));
    }
    return seen;
  };
  const reached = new Map([...next.keys()].map((file) => [file, reach(file)]));
  const found = new Set<string>();
  for (const [file, seen] of reached) {
    if (!seen.has(file)) continue;
    found.add(
      [...seen]
        .filter((other) => reached.get(other)?.has(file))
        .sort()
        .join(' '),
    );
  }
  return [...found].map((circle) => circle.split(' '));
}

const room = (path: string, layer: string): string | undefined =>
  path.startsWith(`src/${layer}/`) ? asSource(path).split('/')[2] : undefined;

/** What each room of a layer imports from the layer's other rooms. A file that lies in no room stands for itself. */
function arrows(layer: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    const [from, to] = [room(file, layer), room(target, layer)];
    if (from === undefined) continue;
    const known = found.get(from) ?? new Set();
    found.set(from, known);
    if (to !== undefined && to !== from) known.add(to);
  }
  return found;
}

/** The layer's table in ARCHITECTURE.md: room, what is in it, what it imports. */
function mapped(layer: string): Map<string, Set<string>> {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const section = text.split(`\n### ${layer}\n`)[1]!.split('\n##')[0]!;
  const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const cells = row.split('|');
      return [names(cells[1]!)[0]!, new Set(names(cells[3]!))];
    }),
  );
}

const sorted = (map: Map<string, Set<string>>) =>
  Object.fromEntries([...map].map(([name, to]): [string, string[]] => [name, [...to].sort()]).sort());

describe('the rooms', () => {
  it.each(['core', 'store', 'ops'])(
    'of %s import what the map in ARCHITECTURE.md says, and nothing else',
    (layer) => {
      const expected = sorted(mapped(layer));
      expect(Object.keys(expected).length).toBeGreaterThan(4);
      const found = arrows(layer);
      // Files beside the rooms of core are for every room of it.
      if (layer === 'core') {
        const loose = [...found].filter(([name]) => name.endsWith('.ts'));
        expect(loose.filter(([, to]) => to.size > 0)).toEqual([]);
        for (const [name] of loose) found.delete(name);
        for (const to of found.values()) for (const name of to) if (name.endsWith('.ts')) to.delete(name);
      }
      expect(sorted(found)).toEqual(expected);
    },
  );

  it('of ops come one above the other: no way of imports leads back into a room', () => {
    const between = [...arrows('ops')].flatMap(([file, to]) =>
      [...to].map((target) => ({ file, target, types: false })),
    );
    expect(circles(between)).toEqual([]);
  });
});

describe('imports', () => {
  it('go in no circle', () => {
    expect(circles(imports.filter((i) => !i.types))).toEqual([]);
  });

  it('go in no circle below the commands, not even those of types alone', () => {
    // A command is given a context that lists the commands.
    const below = imports.filter(({ file }) => file.startsWith('src/') && !file.startsWith('src/cli/'));
    expect(circles(below)).toEqual([]);
  });

  it('that go in a circle are seen', () => {
    const types = false;
    const list = ['a b', 'b c', 'c a', 'd a'].map((pair) => {
      const [file, target] = pair.split(' ') as [string, string];
      return { file, target, types };
    });
    expect(circles(list)).toEqual([['a', 'b', 'c']]);
  });
});
