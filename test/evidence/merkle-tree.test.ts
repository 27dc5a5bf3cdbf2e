import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Leaves,
  leafHash,
  rootFromInclusion,
  rootsFromConsistency,
  type TreeHash,
} from '../../src/core/evidence/merkle-tree.js';

/** The leaves and roots that the implementations of Certificate Transparency (RFC 6962) are tested with. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function grown(leaves: readonly Uint8Array[]): Leaves {
  const tree = new Leaves();
  for (const leaf of leaves) tree.push(leafHash(leaf));
  return tree;
}
const hex = (hashes: readonly TreeHash[]) => hashes.map((h) => h.toString('hex'));
const numbered = (n: number) => Array.from({ length: n }, (_, i) => Buffer.from(`entry ${i}`));
const pairs = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

describe('the vectors of RFC 6962', () => {
  const tree = grown(LEAVES.map((leaf) => Buffer.from(leaf, 'hex')));

  it.each(ROOTS.map((root, i) => [i + 1, root] as const))('root of %d leaves', (size, root) => {
    expect(tree.root(size).toString('hex')).toBe(root);
  });

  it('the root of nothing is the hash of nothing', () => {
    expect(new Leaves().root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('the proof of leaf 0 of 8', () => {
    expect(hex(tree.inclusionProof(0, 8))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
  });

  it('that 6 leaves are the beginning of 8', () => {
    expect(hex(tree.consistencyProof(6, 8))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });
});

it('every entry of every tree is proven, by as many hashes as the tree is deep', () => {
  fc.assert(
    fc.property(pairs, ([index, size]) => {
      const leaves = numbered(size);
      const tree = grown(leaves);
      const proof = tree.inclusionProof(index - 1, size);
      expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
      expect(rootFromInclusion(index - 1, size, leafHash(leaves[index - 1]!), proof)).toEqual(
        tree.root(size),
      );
    }),
  );
});

it('no other entry, place or size passes with the same proof', () => {
  const leaves = numbered(11);
  const tree = grown(leaves);
  const proof = tree.inclusionProof(6, 11);
  const root = tree.root(11);
  const passes = (index: number, size: number, leaf: string, hashes: readonly TreeHash[]) =>
    rootFromInclusion(index, size, leafHash(Buffer.from(leaf)), hashes)?.equals(root) === true;
  expect(passes(6, 11, 'entry 6', proof)).toBe(true);
  expect(passes(6, 11, 'entry 5', proof)).toBe(false);
  expect(passes(5, 11, 'entry 6', proof)).toBe(false);
  expect(passes(6, 11, 'entry 6', proof.slice(1))).toBe(false);
  expect(passes(6, 11, 'entry 6', [...proof, proof[0]!])).toBe(false);
  expect(passes(11, 11, 'entry 6', proof)).toBe(false);
});

it('every beginning of every tree is proven, and a changed one is not', () => {
  fc.assert(
    fc.property(pairs, fc.nat(), ([older, newer], at) => {
      fc.pre(older < newer);
      const leaves = numbered(newer);
      const tree = grown(leaves);
      const proof = tree.consistencyProof(older, newer);
      const roots = rootsFromConsistency(older, newer, tree.root(older), proof);
      expect(roots).toEqual({ older: tree.root(older), newer: tree.root(newer) });
      leaves[at % older] = Buffer.from('rewritten');
      const rewritten = grown(leaves);
      const forged = rewritten.consistencyProof(older, newer);
      const claimed = rootsFromConsistency(older, newer, tree.root(older), forged);
      expect(claimed?.older.equals(tree.root(older)) && claimed.newer.equals(rewritten.root(newer))).not.toBe(
        true,
      );
    }),
  );
});
