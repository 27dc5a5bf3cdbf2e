import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { parseLoose } from '../json/canonical.js';
import { check } from '../json/schema.js';
import type { Signer } from './signer.js';

/** DSSE: a signed payload with its type (envelope and protocol of secure-systems-lab/dsse). */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly { readonly keyid?: string; readonly sig: Buffer }[];
}

export const MAX_ENVELOPE_BYTES = 64 * 1024 * 1024;

/** DSSE permits both alphabets, with or without padding. */
const base64 = z.string().check(z.regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'not base64'));
const envelopeSchema = z.object({
  payloadType: z.string().check(z.minLength(1), z.maxLength(1024)),
  payload: base64,
  signatures: z
    .array(z.object({ keyid: z.optional(z.string()), sig: base64 }))
    .check(z.minLength(1), z.maxLength(64)),
});

/** The signed bytes: type and payload, each with its length, so that one cannot be mistaken for part of the other. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  const head = `DSSEv1 ${type.byteLength} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The envelope as bytes; deterministic for a given payload and key. */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signer: Signer,
  keyid: string,
): Promise<Buffer> {
  const sig = Buffer.from(await signer.sign(preAuthEncoding(payloadType, payload)));
  const envelope = {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ keyid, sig: sig.toString('base64') }],
  };
  return Buffer.from(`${JSON.stringify(envelope)}\n`);
}

/** INVALID_RECORD when it is not an envelope. */
export function decodeEnvelope(bytes: Uint8Array): DsseEnvelope {
  const value = parseLoose(bytes, MAX_ENVELOPE_BYTES);
  const { payloadType, payload, signatures } = check(envelopeSchema, value, 'INVALID_RECORD', 'the envelope');
  return {
    payloadType,
    payload: Buffer.from(payload, 'base64'),
    signatures: signatures.map(({ keyid, sig }) => ({
      ...(keyid === undefined ? {} : { keyid }),
      sig: Buffer.from(sig, 'base64'),
    })),
  };
}

/**
 * The payload, after verifying a signature over it; INTEGRITY when none is good. A `keyid` is only a hint and is
 * ignored. `isGood` tells whether the trusted key made a signature over these bytes.
 */
export function openEnvelope(
  { payloadType, payload, signatures }: DsseEnvelope,
  isGood: (signed: Uint8Array, signature: Uint8Array) => boolean,
): Buffer {
  const signed = preAuthEncoding(payloadType, payload);
  if (signatures.some(({ sig }) => isGood(signed, sig))) return payload;
  throw new HsError('INTEGRITY', 'the attestation was not signed by this key, or was modified');
}
