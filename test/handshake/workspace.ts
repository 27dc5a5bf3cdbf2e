import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { sha256 } from '../../src/core/objects/hash.js';

export const hash = (text: string) => sha256(Buffer.from(text));

/** What makes an artifact of a workspace; fields of its manifest stand for themselves. */
export interface Sample {
  readonly id: string;
  readonly layer?: string;
  /** A file's text, or the files of a directory. */
  readonly payload: string | Readonly<Record<string, string>>;
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** An id that is easy to read. */
export const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;

/** The old index, written out here once more so that the product is compared with something else. */
export function oldIndex(files: Readonly<Record<string, string>>): string {
  const rows = Object.keys(files)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((path) => {
      const text = files[path]!;
      return `{"path":${JSON.stringify(path)},"content_hash":"${hash(text)}","size_bytes":${Buffer.byteLength(text)}}`;
    });
  return `[${rows.join(',')}]`;
}

export function manifestOf({ id, layer = 'L3', payload, manifest = {} }: Sample): Record<string, unknown> {
  const isFile = typeof payload === 'string';
  const size = (text: string) => Buffer.byteLength(text);
  return {
    artifact_id: id,
    layer,
    kind: 'file',
    mime: isFile ? 'text/plain' : 'application/x-directory',
    created_at: '2026-01-31T12:00:00.123456+01:00',
    content_hash: isFile ? hash(payload) : hash(oldIndex(payload)),
    size_bytes: isFile ? size(payload) : Object.values(payload).reduce((sum, t) => sum + size(t), 0),
    classification: 'low',
    exportable: true,
    ...(isFile ? {} : { hash_basis: 'bundle_index_v1' }),
    ...manifest,
  };
}

/** Where an artifact lies below the workspace. */
export function placeOf(workspace: string, { id, layer = 'L3' }: Pick<Sample, 'id' | 'layer'>): string {
  return join(workspace, '.handshake/artifacts', layer, id);
}

/** Writes a workspace of these artifacts, as handshake_core would. */
export async function writeWorkspace(workspace: string, samples: readonly Sample[]): Promise<void> {
  await ensureDir(join(workspace, '.handshake/artifacts/L3'));
  for (const sample of samples) {
    const at = placeOf(workspace, sample);
    await ensureDir(at);
    await writeFile(join(at, 'artifact.json'), JSON.stringify(manifestOf(sample), null, 2));
    const files = typeof sample.payload === 'string' ? { '': sample.payload } : sample.payload;
    if (typeof sample.payload !== 'string') await mkdir(join(at, 'payload'));
    for (const [path, text] of Object.entries(files)) {
      const file = join(at, 'payload', path);
      await ensureDir(dirname(file));
      await writeFile(path === '' ? join(at, 'payload') : file, text);
    }
  }
}
