import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/core/evidence/checkpoint.js';
import { preAuthEncoding } from '../../src/core/evidence/dsse.js';
import { parsePrivateKey, parsePublicKey } from '../../src/core/evidence/keys.js';
import {
  decodeProof,
  MAX_PROOF_BYTES,
  signedCheckpoint,
  verifyProof,
} from '../../src/core/evidence/ledger-proof.js';
import { leafHash } from '../../src/core/evidence/merkle-tree.js';
import { PAYLOAD_TYPE, verifyProvenance } from '../../src/core/evidence/provenance.js';
import { keyHash, verifierKey } from '../../src/core/evidence/signed-note.js';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import { encodeEntry } from '../../src/core/ledger/entry.js';
import type { Reader } from './fuzz.js';

const id = (digit: string) => digit.repeat(64);
const UUID = '00000008-0000-4000-8000-000000000000';
const TIME = '2026-01-31T12:00:00.000Z';

const KEY = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]),
  format: 'der',
  type: 'pkcs8',
});
const PUBLIC = { publicKey: createPublicKey(KEY) };
const NAMED = { name: 'me', ...PUBLIC };

function note(text: string): string {
  const signature = Buffer.concat([keyHash(NAMED), sign(null, Buffer.from(text), KEY)]);
  return `${text}\n\u2014 me ${signature.toString('base64')}\n`;
}

const checkpoint = (size: number) =>
  encodeCheckpoint({
    storeId: UUID,
    size,
    root: Buffer.alloc(32, size),
    head: id('a') as never,
    time: TIME as never,
  });

const PATH = Buffer.alloc(32, 3).toString('base64');

const ENTRY = encodeEntry({
  actor: 'human',
  actor_id: 'tester',
  at: TIME as never,
  event_id: UUID as never,
  payload: { policy: id('d'), store_id: UUID } as never,
  prev: id('0') as never,
  schema: 'hs.ledger-entry/1',
  seq: 0,
  trace_id: UUID,
  type: 'store_created',
});
/** Of a ledger with that entry alone. */
const ONE = encodeCheckpoint({
  storeId: UUID,
  size: 1,
  root: leafHash(ENTRY),
  head: id('a') as never,
  time: TIME as never,
});

/** Signs whatever checkpoint is in it, so that what comes after the signature is reached. */
function readSignedProof(data: Buffer): void {
  const proof = decodeProof(data);
  const again = (text: string) => note(text.slice(0, text.lastIndexOf('\n\n') + 1));
  const signed = { ...proof, checkpoint: again(proof.checkpoint) };
  verifyProof('older' in signed ? { ...signed, older: again(signed.older) } : signed, PUBLIC);
}

function attested(payload: Buffer): Buffer {
  const sig = sign(null, preAuthEncoding(PAYLOAD_TYPE, payload), KEY).toString('base64');
  const envelope = { payload: payload.toString('base64'), payloadType: PAYLOAD_TYPE, signatures: [{ sig }] };
  return Buffer.from(JSON.stringify(envelope));
}

const STATEMENT = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: id('1') } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'urn:hs:run:1',
      externalParameters: {},
      resolvedDependencies: [{ uri: 'u' }],
    },
    runDetails: { builder: { id: 'b' }, metadata: { startedOn: TIME } },
  },
});

/** Proofs, attestations and keys. */
export const EVIDENCE_READERS: readonly Reader[] = [
  {
    name: 'checkpoint',
    limit: ['MAX_NOTE_BYTES', 64 * 1024],
    seeds: [note(checkpoint(3))],
    read: (data) => signedCheckpoint(data.toString(), PUBLIC),
  },
  {
    name: 'checkpoint, unsigned',
    seeds: [checkpoint(3)],
    read: (data) => decodeCheckpoint(data.toString()),
  },
  {
    name: 'ledger proof',
    costly: true,
    limit: ['MAX_PROOF_BYTES', MAX_PROOF_BYTES],
    seeds: [
      canonicalBytes({
        checkpoint: note(checkpoint(5)),
        kind: 'consistency',
        older: note(checkpoint(3)),
        path: [PATH, PATH, PATH],
        schema: 'hs.ledger-proof/1',
      }),
      canonicalBytes({
        checkpoint: note(ONE),
        entry: ENTRY.toString(),
        kind: 'inclusion',
        path: [],
        schema: 'hs.ledger-proof/1',
      }),
    ],
    read: readSignedProof,
  },
  {
    name: 'attestation',
    limit: ['MAX_ENVELOPE_BYTES', 64 * 1024 * 1024],
    seeds: [attested(Buffer.from(STATEMENT))],
    read: (data) => verifyProvenance(data, PUBLIC),
  },
  {
    name: 'statement of an attestation',
    costly: true,
    seeds: [STATEMENT],
    read: (data) => verifyProvenance(attested(data), PUBLIC),
  },
  {
    name: 'public key',
    costly: true,
    limit: ['MAX_BYTES of evidence', 64 * 1024 * 1024],
    seeds: [verifierKey(NAMED), PUBLIC.publicKey.export({ format: 'pem', type: 'spki' }) as string],
    read: (data) => parsePublicKey(data.toString()),
  },
  {
    name: 'private key',
    costly: true,
    limit: ['MAX_KEY_BYTES', 64 * 1024],
    seeds: [
      KEY.export({ format: 'pem', type: 'pkcs8' }) as string,
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from('openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01').toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    ],
    read: (data) => parsePrivateKey(data.toString()),
  },
];
