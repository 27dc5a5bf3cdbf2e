import { createHash } from 'node:crypto';

/** A SHA-256 hash of a Merkle tree, 32 bytes. */
export type TreeHash = Buffer;

export const HASH_BYTES = 32;
const LEAF_PREFIX = Buffer.of(0);
const NODE_PREFIX = Buffer.of(1);

/** RFC 6962 2.1: the hash of a leaf; its first byte distinguishes it from a node. */
export function leafHash(bytes: Uint8Array): TreeHash {
  return createHash('sha256').update(LEAF_PREFIX).update(bytes).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): TreeHash {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest();
}

/** The largest power of two below `size`, where RFC 6962 splits a tree of more than one leaf. */
function splitOf(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** A sequence of leaf hashes, 32 bytes each: a million take 32 MB. */
export class Leaves {
  #bytes = Buffer.alloc(HASH_BYTES * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(hash: TreeHash): void {
    const at = this.#size * HASH_BYTES;
    if (at === this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    hash.copy(this.#bytes, at);
    this.#size += 1;
  }

  #at(index: number): TreeHash {
    return this.#bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** The root of the first `size` leaves; for none, the hash of the empty string. */
  root(size = this.#size): TreeHash {
    if (size === 0) return createHash('sha256').digest();
    return this.#subtree(0, size);
  }

  #subtree(from: number, to: number): TreeHash {
    if (to - from === 1) return this.#at(from);
    const middle = from + splitOf(to - from);
    return nodeHash(this.#subtree(from, middle), this.#subtree(middle, to));
  }

  /** Proof that leaf `index` is in the tree of the first `size` leaves (RFC 6962 2.1.1), nearest sibling first. */
  inclusionProof(index: number, size: number): TreeHash[] {
    const path: TreeHash[] = [];
    const walk = (from: number, to: number): void => {
      if (to - from === 1) return;
      const middle = from + splitOf(to - from);
      if (index < middle) {
        walk(from, middle);
        path.push(this.#subtree(middle, to));
      } else {
        walk(middle, to);
        path.push(this.#subtree(from, middle));
      }
    };
    walk(0, size);
    return path;
  }

  /** Proof that the tree of the first `older` leaves is a prefix of that of the first `newer` (RFC 6962 2.1.2). */
  consistencyProof(older: number, newer: number): TreeHash[] {
    if (older === 0 || older === newer) return [];
    const path: TreeHash[] = [];
    const walk = (from: number, to: number, count: number, isWhole: boolean): void => {
      if (count === to - from) {
        if (!isWhole) path.push(this.#subtree(from, to));
        return;
      }
      const k = splitOf(to - from);
      if (count <= k) {
        walk(from, from + k, count, isWhole);
        path.push(this.#subtree(from + k, to));
      } else {
        walk(from + k, to, count - k, false);
        path.push(this.#subtree(from, from + k));
      }
    };
    walk(0, newer, older, true);
    return path;
  }
}

/** The root computed from an inclusion proof (RFC 9162 2.1.3.2), or undefined when it has the wrong length. */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: TreeHash,
  proof: readonly TreeHash[],
): TreeHash | undefined {
  if (index >= size) return undefined;
  let [fn, sn] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? hash : undefined;
}

/** The two roots computed from a consistency proof (RFC 9162 2.1.4.2), or undefined when it has the wrong length. */
export function rootsFromConsistency(
  older: number,
  newer: number,
  olderRoot: TreeHash,
  proof: readonly TreeHash[],
): { readonly older: TreeHash; readonly newer: TreeHash } | undefined {
  if (older < 1 || older >= newer) return undefined;
  const path = Number.isInteger(Math.log2(older)) ? [olderRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return undefined;
  let [fn, sn] = [older - 1, newer - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [first, first];
  for (const hash of path) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(hash, fr), nodeHash(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? { older: fr, newer: sr } : undefined;
}

/** Not `>> 1`, which is wrong beyond 31 bits. */
function half(n: number): number {
  return Math.floor(n / 2);
}
