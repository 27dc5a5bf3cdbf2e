import { decodeUtf8, type Json, parseLoose } from '../../core/json/canonical.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { HsError } from '../../errors/hs-error.js';

function tooLarge(): HsError {
  return new HsError('INVALID_MANIFEST', `invalid manifest: larger than ${MAX_MANIFEST_BYTES} bytes`, {
    hint: 'a manifest describes its payload but does not contain it',
  });
}

/** A manifest's bytes from a stream; reading stops once it is too long. */
export async function manifestStream(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > MAX_MANIFEST_BYTES) throw tooLarge();
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Parses an object that a user or a program wrote as JSON, with any spacing and key order. */
export function parseManifest(bytes: Uint8Array): Readonly<Record<string, Json>> {
  if (decodeUtf8(bytes).trim() === '') throw new HsError('INVALID_MANIFEST', 'invalid manifest: empty');
  const value = parseLoose(bytes, MAX_MANIFEST_BYTES);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new HsError('INVALID_MANIFEST', 'invalid manifest: not an object');
  }
  return value as Readonly<Record<string, Json>>;
}
