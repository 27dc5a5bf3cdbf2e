import type { ArtifactRecord } from '../core/record.js';
import { HsError } from '../errors/hs-error.js';

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

type Part = string | ((r: ArtifactRecord) => string);

/**
 * Compiles a format such as `%(id) %(name)%0a`: `%(field)`, `%%`, and `%xx` for a byte in hex below
 * 0x80. USAGE for an unknown field.
 */
export function compileFormat(format: string): (r: ArtifactRecord) => string {
  const parts: Part[] = [];
  const pattern = /%(?:\((?<field>[^)]*)\)|(?<hex>[0-7][0-9a-fA-F])|(?<percent>%))|[^%]+|%/gs;
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
    } else if (hex !== undefined) parts.push(String.fromCharCode(Number.parseInt(hex, 16)));
    else if (percent !== undefined) parts.push('%');
    else if (match[0] === '%')
      throw new HsError('USAGE', `the format '${format}' has a lone %`, {
        hint: 'write %% for a percent sign',
      });
    else parts.push(match[0]);
  }
  return (r) => parts.map((p) => (typeof p === 'string' ? p : p(r))).join('');
}
