import { HsError } from '../../errors/hs-error.js';
import { isObjectId, isTimestamp, type ObjectId, type Timestamp } from '../objects/ids.js';
import { HASH_BYTES, type TreeHash } from './merkle-tree.js';

/**
 * The state of a ledger at one moment, as a C2SP tlog-checkpoint: origin, number of entries, root of the Merkle tree
 * over them, and two lines of our own. The leaves are the exact bytes of the entries.
 */
export interface Checkpoint {
  readonly storeId: string;
  /** Number of entries: the number of the newest plus one. */
  readonly size: number;
  readonly root: TreeHash;
  /** Hash of the newest entry, as printed by `hs ledger head`. */
  readonly head: ObjectId;
  readonly time: Timestamp;
}

const ORIGIN_PREFIX = 'hsstore/';
const HEAD = 'head ';
const TIME = 'time ';

/** Identifies the ledger of a store to verifiers that follow several. */
export function originOf(storeId: string): string {
  return `${ORIGIN_PREFIX}${storeId}`;
}

export function encodeCheckpoint({ storeId, size, root, head, time }: Checkpoint): string {
  return [originOf(storeId), size, root.toString('base64'), `${HEAD}${head}`, `${TIME}${time}`, ''].join(
    '\n',
  );
}

/** The checkpoint in a note's text; INVALID_RECORD, also for another kind of log. */
export function decodeCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n');
  const after = (prefix: string) => extensions.find((e) => e.startsWith(prefix))?.slice(prefix.length) ?? '';
  const [head, time] = [after(HEAD), after(TIME)];
  const hash = Buffer.from(root, 'base64');
  if (
    !/^hsstore\/[0-9a-f-]{36}$/.test(origin) ||
    !/^[1-9]\d{0,14}$/.test(size) ||
    hash.length !== HASH_BYTES ||
    hash.toString('base64') !== root ||
    !isObjectId(head) ||
    !isTimestamp(time)
  ) {
    throw new HsError('INVALID_RECORD', 'not a checkpoint of a ledger', {
      hint: 'hs ledger sign prints one',
    });
  }
  return { storeId: origin.slice(ORIGIN_PREFIX.length), size: Number(size), root: hash, head, time };
}
