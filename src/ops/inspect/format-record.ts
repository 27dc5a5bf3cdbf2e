import { isUtf8 } from 'node:buffer';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { HsError } from '../../errors/hs-error.js';

const PLACEHOLDERS: Readonly<Record<string, (r: ArtifactRecord) => string>> = {
  id: (r) => r.artifact_id,
  short: (r) => r.artifact_id.slice(0, 8),
  name: (r) => r.name ?? '',
  hint: (r) => r.filename_hint ?? '',
  kind: (r) => r.kind,
  type: (r) => r.payload_type,
  size: (r) => String(r.size_bytes),
  hash: (r) => r.content_hash,
  manifest: (r) => r.manifest,
  class: (r) => r.retention_class,
  layer: (r) => r.layer,
  classification: (r) => r.classification,
  exportable: (r) => String(r.exportable),
  ttl: (r) => (r.retention_ttl_days === undefined ? '' : String(r.retention_ttl_days)),
  created: (r) => r.created_at,
  registered: (r) => r.registered.at,
  revision: (r) => String(r.revision),
  pins: (r) => r.pins.map((p) => p.name).join(' '),
};

export const PLACEHOLDER_NAMES = Object.keys(PLACEHOLDERS);

/** A formatted record: bytes if it is not valid UTF-8. */
export type Format = (r: ArtifactRecord, field: (value: string) => string) => string | Buffer;

type Part = string | Buffer | ((r: ArtifactRecord) => string);

/**
 * Compiles a format such as `%(id) %(name)%0a`: `%(field)`, `%%`, and `%xx` for a byte in hex. Each value passes
 * through `field`; literal text is left unchanged. USAGE for an unknown field.
 */
export function compileFormat(format: string): Format {
  const parts: Part[] = [];
  const pattern = /%(?:\((?<field>[^)]*)\)|(?<percent>%))|(?<hex>(?:%[0-9a-fA-F]{2})+)|[^%]+|%/gs;
  for (const match of format.matchAll(pattern)) {
    const { field, hex, percent } = match.groups ?? {};
    if (field !== undefined) {
      const get = Object.hasOwn(PLACEHOLDERS, field) ? PLACEHOLDERS[field] : undefined;
      if (get === undefined) {
        throw new HsError('USAGE', `the format has no field '%(${field})'`, {
          hint: `one of ${PLACEHOLDER_NAMES.join(', ')}`,
        });
      }
      parts.push(get);
    } else if (hex !== undefined) parts.push(textOrBytes(Buffer.from(hex.replaceAll('%', ''), 'hex')));
    else if (percent !== undefined) parts.push('%');
    else if (match[0] === '%')
      throw new HsError('USAGE', `the format '${format}' has a single %`, {
        hint: 'write %% for a percent sign',
      });
    else parts.push(match[0]);
  }
  const isText = parts.every((part) => !Buffer.isBuffer(part));
  return (r, field) => {
    const said = parts.map((part) => (typeof part === 'function' ? field(part(r)) : part));
    return isText
      ? said.join('')
      : textOrBytes(Buffer.concat(said.map((part) => Buffer.from(part as string))));
  };
}

/** A string if the bytes are UTF-8. */
function textOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? bytes.toString() : bytes;
}
