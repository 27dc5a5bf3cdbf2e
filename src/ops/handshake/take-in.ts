import { FaultList } from '../../core/handshake/fault.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import { streamSource } from '../payload/stream-source.js';
import { countingBytes, payloadFiles, whole } from './payload-files.js';
import type { FoundArtifact } from './read-workspace.js';

const SMALL_BYTES = 64 * 1024;

/**
 * Stores the payloads of sound artifacts. They are read a second time: bytes that do not match their hash must never be
 * in the store, and the mismatch is known only at the end. SOURCE_CHANGED if a payload differs from the first read.
 */
export async function takeIn(
  root: SafeDir,
  artifacts: readonly FoundArtifact[],
  batch: ObjectBatch,
  onBytes: (count: number) => void,
): Promise<void> {
  for (const found of artifacts) {
    onBytes(0);
    const layer = await root.child(found.place.layer);
    try {
      const dir = await layer.child(found.place.name);
      try {
        await takePayload(dir, found, batch, onBytes);
      } finally {
        await dir.close();
      }
    } finally {
      await layer.close();
    }
  }
}

async function takePayload(
  dir: SafeDir,
  { place, payload }: FoundArtifact,
  batch: ObjectBatch,
  onBytes: (count: number) => void,
): Promise<void> {
  const expected = new Map<string, ObjectId>(
    payload!.type === 'file'
      ? [['', payload!.hash]]
      : payload!.index.map((e) => [e.path as string, e.content_hash]),
  );
  const faults = new FaultList();
  await payloadFiles(dir, 'payload', faults, async ({ path, size, content }) => {
    // Small files can be packed.
    const { id } =
      size > SMALL_BYTES
        ? await batch.addSource(streamSource(countingBytes(content, onBytes)))
        : await batch.addBytes(await whole(content));
    if (expected.get(path) !== id) throw changed(place.name);
    expected.delete(path);
  });
  if (expected.size > 0 || faults.keepOut) throw changed(place.name);
}

function changed(name: string): HsError {
  return new HsError('SOURCE_CHANGED', `'${name.slice(0, 8)}' changed while it was read`, {
    hint: 'nothing was registered; run the command again when the workspace is at rest',
  });
}
