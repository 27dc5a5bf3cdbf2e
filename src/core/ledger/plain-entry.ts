import { isHsError } from '../../errors/hs-error.js';
import { parseCanonical } from '../json/canonical.js';
import { HASH, ID, NUMBER, one, PLAIN, TOKEN } from '../json/plain-patterns.js';
import { check } from '../json/schema.js';
import { ACTOR_TYPES } from '../manifest/vocabulary.js';
import { type ArtifactId, isTimestamp, type ObjectId, type Timestamp } from '../objects/ids.js';
import { CAPABILITIES, type CapabilityId } from '../policy/capabilities.js';
import { type EntryPayload, isEntryType, PAYLOADS } from './entry-types.js';
import { type LedgerOp, ledgerOps } from './operation.js';
import { MOST_PACKS, PACK_PLACE } from './pack-places.js';
import { readPlainAdd } from './plain-add.js';

/** An entry up to its operations, its packs or its payload, in canonical order. */
const BEGIN = new RegExp(
  `^\\{"actor":${one(ACTOR_TYPES)},"actor_id":"(${PLAIN}{1,128})","at":"([^"]*)"` +
    `(?:,"capability_id":${one(Object.keys(CAPABILITIES))})?(?:,"decision":${one(['allow', 'deny'])})?` +
    `,"event_id":"(${ID})"(?:,"job_id":"(${TOKEN})")?(?:,"ops":(?=\\[)|,"ops_object":${HASH})?`,
);
const BEGIN_PACKS = ',"packs":[';
/** Sticky: it is looked for at one place. */
const PACKS = new RegExp(
  `,"packs":\\[(?:"(${PACK_PLACE}(?:","${PACK_PLACE}){0,${MOST_PACKS - 1}})")?\\]`,
  'y',
);
const PAYLOAD = ',"payload":';
const AFTER_PAYLOAD = ',"prev":"';
const END = new RegExp(
  `^,"prev":${HASH},"schema":"hs\\.ledger-entry/1","seq":${NUMBER},"trace_id":"(${ID})","type":"([a-z._]+)"\\}$`,
);
const TOTALS = new RegExp(`^\\{"artifacts":${NUMBER},"size_bytes":${NUMBER}\\}$`);

/** A list in the text of which each operation is a plain add. */
function plainAdds(list: string): LedgerOp[] | undefined {
  if (!list.startsWith('[{') || !list.endsWith('}]')) return undefined;
  const ops: LedgerOp[] = [];
  for (const members of list.slice(2, -2).split('},{')) {
    const op = readPlainAdd(`{${members}}`);
    if (op === undefined) return undefined;
    ops.push(op);
  }
  return ops;
}

function read(bytes: Uint8Array) {
  // A byte is a character: what is read from the text is ASCII, and the rest is parsed from the bytes.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const begin = BEGIN.exec(text);
  const endAt = text.lastIndexOf(AFTER_PAYLOAD);
  if (begin === null || endAt < 0 || !isTimestamp(begin[3]!)) return undefined;
  const end = END.exec(text.slice(endAt));
  if (end === null) return undefined;
  const type = end[4]!;
  if (!isEntryType(type)) return undefined;
  const value = (from: number, to: number) => parseCanonical(bytes.subarray(from, to), bytes.byteLength);

  let at = begin[0].length;
  let ops: LedgerOp[] | undefined;
  if (begin[0].endsWith(':')) {
    const listsEnd = text.lastIndexOf(`]${PAYLOAD}{`, endAt) + 1;
    const packsAt = text.lastIndexOf(`]${BEGIN_PACKS}`, listsEnd) + 1;
    const opsEnd = packsAt > at ? packsAt : listsEnd;
    if (opsEnd <= at) return undefined;
    ops =
      plainAdds(text.slice(at, opsEnd)) ??
      check(ledgerOps, value(at, opsEnd), 'INVALID_RECORD', 'operations');
    at = opsEnd;
  }
  PACKS.lastIndex = at;
  const packs = PACKS.exec(text);
  if (packs !== null) at = PACKS.lastIndex;
  if (!text.startsWith(PAYLOAD, at)) return undefined;
  at += PAYLOAD.length;
  const totals = type === 'artifact_created' ? TOTALS.exec(text.slice(at, endAt)) : null;
  const payload =
    totals === null
      ? (check(PAYLOADS[type], value(at, endAt), 'INVALID_RECORD', 'payload') as EntryPayload)
      : { artifacts: Number(totals[1]), size_bytes: Number(totals[2]) };

  const [, actor, actorId, time, capability, decision, event, job, opsObject] = begin;
  return {
    actor: actor as (typeof ACTOR_TYPES)[number],
    actor_id: actorId!,
    at: time as Timestamp,
    ...(capability === undefined ? undefined : { capability_id: capability as CapabilityId }),
    ...(decision === undefined ? undefined : { decision: decision as 'allow' | 'deny' }),
    event_id: event as ArtifactId,
    ...(job === undefined ? undefined : { job_id: job }),
    ...(ops === undefined ? undefined : { ops }),
    ...(opsObject === undefined ? undefined : { ops_object: opsObject as ObjectId }),
    ...(packs === null ? undefined : { packs: packs[1]?.split('","') ?? [] }),
    prev: end[1] as ObjectId,
    schema: 'hs.ledger-entry/1' as const,
    seq: Number(end[2]),
    trace_id: end[3]!,
    type,
    payload,
  };
}

/**
 * Parses an entry in its most common spelling: what all entries have by two regular expressions; operations, packs and
 * payload apart. Text around whole JSON values that is canonical JSON with them is the canonical form of the whole.
 * Undefined for anything else, also for what is wrong: the canonical parser and the schema give the same result and the
 * reason.
 */
export function readPlainEntry(bytes: Uint8Array): ReturnType<typeof read> {
  try {
    return read(bytes);
  } catch (e) {
    if (isHsError(e, 'INVALID_RECORD')) return undefined;
    throw e;
  }
}
