import { describe, expect, it } from 'vitest';
import { cyclicSources } from '../../src/core/handshake/cyclic-sources.js';
import { matchDirectory, workspaceIndexHash } from '../../src/core/handshake/directory-hash.js';
import { encodeBundleIndex, toBundleIndex } from '../../src/core/objects/bundle-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { toSafePath } from '../../src/core/paths/safe-path.js';
import { hash, oldIndex } from './workspace.js';

const entry = (path: string, text: string, executable = false) => ({
  path: toSafePath(path),
  content_hash: hash(text),
  size_bytes: Buffer.byteLength(text),
  ...(executable ? { executable: true as const } : {}),
});

describe('the hash of a directory in a workspace', () => {
  it('is that of the published vector, and not that of an index here', () => {
    const entries = [entry('a.txt', 'hello')];
    expect(workspaceIndexHash(entries)).toBe(
      'eaba6e628e5799ae67075274693ceffa496b8fde991c4ae1cb8ce23acf737a5d',
    );
    expect(sha256(encodeBundleIndex(toBundleIndex(entries)))).toBe(
      '8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141',
    );
  });

  it('is distinguished from that of an index here, with and without executables', () => {
    const entries = [entry('run', 'x', true), entry('b', 'y')];
    const plain = entries.map(({ executable: _, ...rest }) => rest);
    expect(matchDirectory(workspaceIndexHash(entries), entries, [])).toBe('bundle_index_v1');
    for (const index of [entries, plain])
      expect(matchDirectory(sha256(encodeBundleIndex(toBundleIndex(index))), entries, [])).toBe(
        'bundle_index',
      );
    expect(matchDirectory(hash('other'), entries, [])).toBeUndefined();
  });

  it('leaves out excluded paths, but not those with the same prefix', () => {
    const entries = [entry('a', '1'), entry('ab', '2'), entry('d/x', '3'), entry('d/y', '4')];
    const without = (...paths: string[]) =>
      workspaceIndexHash(entries.filter((e) => !paths.includes(e.path)));
    expect(matchDirectory(without('a'), entries, ['a'])).toBe('bundle_index_v1');
    expect(matchDirectory(without('d/x', 'd/y'), entries, ['d'])).toBe('bundle_index_v1');
    expect(matchDirectory(without('d/x', 'd/y'), entries, ['d/'])).toBe('bundle_index_v1');
    expect(matchDirectory(without(), entries, ['a'])).toBeUndefined();
  });

  it('sorts by the bytes of UTF-8 and escapes as JSON does', () => {
    const files = { '\u{1f600}': '1', '\uff5e': '2', 'q"\\': '3', a: '' };
    const entries = Object.entries(files).map(([path, text]) => entry(path, text));
    expect(workspaceIndexHash(entries)).toBe(hash(oldIndex(files)));
  });
});

describe('artifacts that are made from themselves', () => {
  const id = (name: string) => name as ArtifactId;
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [id(from), to.map(id)]));

  it('are found, each circle apart, and nothing that only leads to one', () => {
    const circles = cyclicSources(
      graph({
        a: ['b'],
        b: ['c'],
        c: ['a'],
        self: ['self'],
        to: ['a', 'fine'],
        fine: ['gone'],
        x: ['y'],
        y: ['x'],
      }),
    );
    expect([...circles.keys()].sort()).toEqual(['a', 'b', 'c', 'self', 'x', 'y']);
    expect(new Set(['a', 'b', 'c'].map((n) => circles.get(id(n)))).size).toBe(1);
    expect(circles.get(id('x'))).not.toBe(circles.get(id('a')));
  });

  it('are looked for in a line of any length', () => {
    const long = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, [`n${i + 1}`]]));
    expect(cyclicSources(graph(long)).size).toBe(0);
  });
});
