import { chmod, copyFile, lstat, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Rng } from '../sim/rng.js';

/** One change to one file, or to two. */
export interface Damage {
  readonly what: string;
  /** Relative to the store; the file that is not as it was. */
  readonly path: string;
  /** Whether a byte that counts for something is another. */
  readonly matters: boolean;
  make(): Promise<void>;
  undo(): Promise<void>;
}

async function write(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await chmod(path, 0o600).catch(() => undefined);
  await writeFile(path, bytes);
  await chmod(path, mode);
}

/** What stands for the same in every store. */
function kindOf(path: string): string {
  if (/^objects\//.test(path)) return 'object';
  if (/^trash\/.*\/[0-9a-f]{64}$/.test(path)) return 'object';
  if (path.endsWith('.pack')) return 'pack';
  return path.replace(/[^/]*$/, '');
}

/** Filling that keeps room on the disk; nobody reads it. */
const FILLING = /(?:^|\/)cache\/[^/]*\/reserve$/;
const MOST_OF_FILLING = 12;
const MATTERS =
  /^(?:ledger|objects|packs)\/|^format\.json$|^trash\/.*(?:\/[0-9a-f]{64}|\.pack)$|^cache\/[^/]*\/(?:root|run-\w+)$/;

/** Of `length` bytes, the bits to flip: one of each byte, or of `most` bytes that are spread evenly. */
function* bitsOf(length: number, most: number, rng: Rng): Generator<{ offset: number; bit: number }> {
  const count = Math.min(length, most);
  for (let i = 0; i < count; i++) {
    const [begin, end] = [i, i + 1].map((n) => Math.floor((n * length) / count)) as [number, number];
    yield { offset: begin + rng.below(end - begin), bit: rng.below(8) };
  }
}

/** The files below a directory, by their paths from there, sorted. */
export async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => `${e.parentPath}/${e.name}`.slice(root.length + 1))
    .sort();
}

/** A free name of the kind of a file: the next entry, another object, pack or lease. */
function anotherName(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path === 'format.json' || path === 'gc.lock') return undefined;
  if (path.startsWith('ledger/')) return `${dirname(path)}/0000000099.json`;
  const digits = /^[0-9a-f]{24,64}/.exec(name)?.[0];
  if (digits === undefined) return undefined;
  const other = digits.slice(0, -2) + (digits.endsWith('00') ? '11' : '00');
  return `${dirname(path)}/${other}${name.slice(digits.length)}`;
}

export interface DamageOptions {
  /** Bytes of each file that are flipped, at most; filling has fewer. */
  readonly most: number;
  /** Which bytes, and which bit of each. Default 1. */
  readonly seed?: number | undefined;
  /** The files, by their paths in the store; all of them, if it is left out. */
  readonly files?: (path: string) => boolean;
}

/**
 * Every damage to the files of a store that is tried: each byte flipped, or `most` of a file; cut short, emptied, made
 * longer; exchanged with another of its kind, copied to another name, removed. File by file; the same with each call.
 */
export async function* damages(
  root: string,
  { most, seed = 1, files = () => true }: DamageOptions,
): AsyncGenerator<Damage> {
  const paths = await filesBelow(root);
  const contents = new Map<string, { readonly bytes: Buffer; readonly mode: number }>();
  for (const path of paths) {
    const { mode } = await lstat(`${root}/${path}`);
    contents.set(path, { bytes: await readFile(`${root}/${path}`), mode: mode & 0o777 });
  }
  for (const [n, path] of paths.entries()) {
    if (!files(path)) continue;
    const rng = new Rng(seed * 1_000_003 + n);
    const at = `${root}/${path}`;
    const { bytes, mode } = contents.get(path)!;
    const matters = MATTERS.test(path);
    const undo = () => write(at, bytes, mode);
    const becomes = (what: string, other: Uint8Array): Damage => ({
      what: `${path}: ${what}`,
      path,
      matters,
      make: () => write(at, other, mode),
      undo,
    });
    for (const { offset, bit } of bitsOf(
      bytes.length,
      FILLING.test(path) ? Math.min(most, MOST_OF_FILLING) : most,
      rng,
    )) {
      const flipped = Buffer.from(bytes);
      flipped[offset]! ^= 1 << bit;
      yield becomes(`byte ${offset} flipped`, flipped);
    }
    const cuts = new Set([0, 1, bytes.length >> 1, bytes.length - 12, bytes.length - 1]);
    for (const length of cuts) {
      if (length >= 0 && length < bytes.length)
        yield becomes(`cut to ${length} bytes`, bytes.subarray(0, length));
    }
    yield becomes('a byte longer', Buffer.concat([bytes, Buffer.from('x')]));
    const others = paths.filter((p) => p !== path && kindOf(p) === kindOf(path));
    for (const other of others.slice(0, 2)) {
      const theirs = contents.get(other)!;
      if (theirs.bytes.equals(bytes)) continue;
      yield {
        what: `${path}: exchanged with ${other}`,
        path,
        matters,
        make: async () => {
          await write(at, theirs.bytes, mode);
          await write(`${root}/${other}`, bytes, theirs.mode);
        },
        undo: async () => {
          await undo();
          await write(`${root}/${other}`, theirs.bytes, theirs.mode);
        },
      };
    }
    const twin = anotherName(path);
    if (twin !== undefined) {
      const to = `${root}/${twin}`;
      yield {
        what: `${path}: also as ${twin}`,
        path,
        matters: matters && !path.startsWith('trash/'),
        make: () => copyFile(at, to),
        undo: () => unlink(to).catch(() => undefined),
      };
    }
    yield {
      what: `${path}: removed`,
      path,
      // Derived, and made where there is none.
      matters: matters && !path.startsWith('cache/'),
      make: () => unlink(at),
      undo: async () => {
        await mkdir(dirname(at), { recursive: true });
        await undo();
      },
    };
  }
}
