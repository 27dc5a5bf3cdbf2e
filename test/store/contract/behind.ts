import { chmod, readFile, writeFile } from 'node:fs/promises';
import { toActor } from '../../../src/core/policy/authorize.js';
import { HsError } from '../../../src/errors/hs-error.js';
import { systemClock } from '../../../src/fsx/system-effects.js';
import type { LocalBackend } from '../../../src/store/local/local-backend.js';
import type { Backend, StoreHome } from '../../../src/store/port/backend.js';
import type { Subject } from './subject.js';

export async function create(stores: StoreHome, workspace: string): Promise<void> {
  const made = await stores.create(
    { workspace, actor: toActor('human:tester'), allowSetClock: false },
    systemClock(),
  );
  await made.close();
}

export const opened = async (stores: StoreHome, workspace: string): Promise<Backend> =>
  (await stores.open(workspace)).backend;

export async function overwrite(path: string, bytes: Uint8Array, at: number): Promise<void> {
  const now = await readFile(path);
  now.set(bytes, at);
  await chmod(path, 0o600);
  await writeFile(path, now);
  await chmod(path, 0o444);
}

/** Other bytes of the same length where an object lies, in a file or in a pack. */
export async function damaged(
  { parts }: LocalBackend,
  id: Parameters<Subject['damage']>[0],
  change: (path: string, at: number) => Promise<void>,
) {
  const { files, layout } = parts;
  if ((await files.sizeOfFile(id)) !== undefined) return change(layout.object(id), 0);
  await files.refresh();
  const packed = await files.packs?.find(id);
  if (packed === undefined) throw new HsError('OBJECT_MISSING', 'nothing to damage');
  await change(packed.pack.path, packed.offset);
  // What was read ahead is not what lies there.
  await packed.pack.close();
}
