import { parsePublicKey } from '../core/evidence/keys.js';
import { decodeProof, type Proven, verifyProof as verify } from '../core/evidence/ledger-proof.js';
import { type ProvenanceStatement, verifyProvenance } from '../core/evidence/provenance.js';
import { HsError } from '../errors/hs-error.js';
import * as given from './arguments.js';

function bytesOf(value: Uint8Array | string, what: string): Uint8Array {
  if (given.isBytes(value)) return value;
  if (typeof value === 'string') return Buffer.from(value);
  throw new HsError('USAGE', `${what} is neither text nor a Uint8Array`);
}

/**
 * Verifies a proof by `proveEntry` or `proveGrowth`, without a store (`hs proof verify`). `publicKey` is
 * `NAME+HASH+KEY`, an OpenSSH public key line, or PEM. INTEGRITY if the proof is invalid.
 *
 * @example
 * const { note, verifierKey } = await store.signLedger('key.pem');
 * const { checkpoint, entry } = verifyProof(await store.proveEntry(2, note), verifierKey);
 * [checkpoint.size, entry.seq]; // → [3, 2]
 */
export function verifyProof(proof: Uint8Array | string, publicKey: string): Proven {
  return verify(decodeProof(bytesOf(proof, 'the proof')), parsePublicKey(given.text(publicKey, 'publicKey')));
}

/**
 * Verifies an attestation of a run (`hs proof verify`): INTEGRITY if it was not signed by this key. It is only as
 * trustworthy as the holder of the key.
 *
 * @example
 * const { artifacts } = await store.run(['sh', '-c', 'echo done > "$HS_OUT/log.txt"']);
 * const [, { target }] = await store.exportAttested(artifacts[0].artifactId, 'key.pem', 'out');
 * const { verifierKey } = await store.signLedger('key.pem');
 * verifyAttestation(await readFile(target), verifierKey).predicateType; // → 'https://slsa.dev/provenance/v1'
 */
export function verifyAttestation(envelope: Uint8Array | string, publicKey: string): ProvenanceStatement {
  const key = parsePublicKey(given.text(publicKey, 'publicKey'));
  return verifyProvenance(bytesOf(envelope, 'the attestation'), key);
}
