import { isUtf8 } from 'node:buffer';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { LABEL_KEY_PATTERN } from '../../core/manifest/manifest.js';
import { labelValue } from '../../core/query/fields.js';
import { ttlEndMs, untilOf } from '../../core/retention/rule.js';
import { didYouMean } from '../../core/text/suggest.js';
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
  expires: (r) => {
    const end = ttlEndMs(r);
    return end === undefined ? '' : (untilOf(end) ?? '');
  },
  created: (r) => r.created_at,
  registered: (r) => r.registered.at,
  actor: (r) => r.registered.actor,
  job: (r) => r.job_id ?? '',
  sources: (r) => (r.sources ?? []).join(' '),
  entities: (r) => (r.entities ?? []).map((e) => `${e.entity_kind}:${e.entity_id}`).join(' '),
  revision: (r) => String(r.revision),
  pins: (r) => r.pins.map((p) => p.name).join(' '),
};

export const PLACEHOLDER_NAMES = [...Object.keys(PLACEHOLDERS), 'label:KEY'];

/** Whether a format shows what only the manifest says in stores without the feature `facts-2`. */
export function showsManifestFacts(format: string): boolean {
  return /%\((?:job|entities|label:[^)]*)\)/.test(format);
}

function placeholder(name: string): (r: ArtifactRecord) => string {
  const [, label] = /^label:(.*)$/s.exec(name) ?? [];
  if (label !== undefined && LABEL_KEY_PATTERN.test(label)) return (r) => labelValue(r, label) ?? '';
  const get = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
  if (get !== undefined) return get;
  const near = didYouMean(name, PLACEHOLDER_NAMES);
  throw new HsError('USAGE', `the format has no field '%(${name})'`, {
    hint: `${near === undefined ? '' : `did you mean '%(${near})'? `}one of ${PLACEHOLDER_NAMES.join(', ')}`,
  });
}

/** A formatted record: bytes if it is not valid UTF-8. */
export type RecordFormatter = (r: ArtifactRecord, field: (value: string) => string) => string | Buffer;

type Part = string | Buffer | ((r: ArtifactRecord) => string);

/**
 * Compiles a format such as `%(id) %(name)%0a`: `%(field)`, `%%`, and `%xx` for a byte in hex. Each value passes
 * through `field`; literal text is left unchanged. USAGE for an unknown field.
 */
export function compileFormat(format: string): RecordFormatter {
  const parts: Part[] = [];
  const pattern = /%(?:\((?<field>[^)]*)\)|(?<percent>%))|(?<hex>(?:%[0-9a-fA-F]{2})+)|[^%]+|%/gs;
  for (const match of format.matchAll(pattern)) {
    const { field, hex, percent } = match.groups ?? {};
    if (field !== undefined) parts.push(placeholder(field));
    else if (hex !== undefined) parts.push(textOrBytes(Buffer.from(hex.replaceAll('%', ''), 'hex')));
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
