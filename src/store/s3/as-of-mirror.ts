import { decodeEntry } from '../../core/ledger/entry.js';
import { isHsError } from '../../errors/hs-error.js';
import type { OpenedBackend } from '../port/backend.js';
import { notWritable } from './client/s3-errors.js';
import type { S3Backend } from './s3-backend.js';

/** A store whose service is not asked: as of when it is shown, and that nothing can be written. OFFLINE: it is not here. */
export async function asOfMirror(backend: S3Backend): Promise<OpenedBackend> {
  const { ledger, parts } = backend;
  const seq = await ledger.headSeq();
  const at = timeOf(await ledger.read(seq));
  return {
    backend,
    warning: `offline: '${parts.client.place}' is shown as of entry ${seq}${at === undefined ? '' : `, ${at}`}`,
    readOnly: notWritable(),
  };
}

/** A broken entry is for whoever verifies the ledger. */
function timeOf(bytes: unknown): string | undefined {
  try {
    return bytes instanceof Uint8Array ? decodeEntry(bytes).at : undefined;
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    return undefined;
  }
}
