import { createHash } from 'node:crypto';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { comparePaths, toSafePath } from '../../../src/core/paths/safe-path.js';
import type { DirectoryPayload, FilePayload, PayloadEntry } from '../../../src/ops/payload/payload-source.js';

export function sha256(bytes: string | Uint8Array): ObjectId {
  return createHash('sha256').update(bytes).digest('hex') as ObjectId;
}

/** A file payload that comes in pieces of `chunk` bytes. */
export function filePayload(text: string, chunk = 3): FilePayload {
  const bytes = Buffer.from(text);
  return {
    type: 'file',
    hash: sha256(bytes),
    size: bytes.length,
    async *stream() {
      for (let i = 0; i < bytes.length; i += chunk) yield bytes.subarray(i, i + chunk);
    },
  };
}

/** A directory payload of `path: text`; a path that ends in `*` is executable. */
export function treePayload(files: Readonly<Record<string, string>>): DirectoryPayload {
  const entries: PayloadEntry[] = Object.entries(files).map(([key, text]) => {
    const { hash, size, stream } = filePayload(text);
    return {
      path: toSafePath(key.replace(/\*$/, '')),
      hash: hash!,
      size: size!,
      executable: key.endsWith('*'),
      stream,
    };
  });
  return { type: 'directory', entries: entries.sort((a, b) => comparePaths(a.path, b.path)) };
}
