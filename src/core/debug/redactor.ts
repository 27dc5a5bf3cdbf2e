import { createHmac } from 'node:crypto';
import type { Json } from '../json/canonical.js';
import { PAYLOADS } from '../ledger/entry-types.js';
import { RECORDED_FORMATS } from '../ledger/export-formats.js';
import {
  ACTOR_TYPES,
  CLASSIFICATIONS,
  DETERMINISM_LEVELS,
  HASH_BASES,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from '../manifest/vocabulary.js';
import { isObjectId, isTimestamp, UUID_PATTERN } from '../objects/ids.js';
import { CAPABILITIES } from '../policy/capabilities.js';
import type { DebugDocument, DebugMode, RedactionEntry } from './document-formats.js';
import { findAll, MARK, markOf, removeFindings } from './remove-findings.js';

/** Position of a text: the document, and a JSON path in it. */
export interface TextPosition {
  readonly file: DebugDocument;
  readonly location: string;
}

const isUuid = (s: string) => UUID_PATTERN.test(s);
const among =
  (...sets: readonly (readonly string[])[]) =>
  (s: string) =>
    sets.some((set) => set.includes(s));

/**
 * What a safe bundle may contain, by key: ids, times and hs's own vocabulary. Any other text is withheld, including
 * fields added to records in the future and not here.
 */
const SAFE_TEXTS: Readonly<Record<string, (text: string) => boolean>> = {
  ...Object.fromEntries(
    ['artifact_id', 'artifact_ids', 'store_id', 'export_id', 'run_id', 'report', 'bundle_id', 'run'].map(
      (key) => [key, isUuid],
    ),
  ),
  ...Object.fromEntries(
    ['at', 'created_at', 'started_at', 'ended_at', 'until', 'clock'].map((key) => [key, isTimestamp]),
  ),
  sources: isUuid,
  op: among(['add', 'revise', 'pin', 'unpin', 'remove', 'restore', 'set_policy']),
  kind: among(KINDS),
  payload_type: among(PAYLOAD_TYPES),
  retention_class: among(RETENTION_CLASSES),
  layer: among(LAYERS),
  from: among(LAYERS),
  to: among(LAYERS),
  classification: among(CLASSIFICATIONS),
  determinism_level: among(DETERMINISM_LEVELS),
  hash_basis: among(HASH_BASES),
  export_format: among(RECORDED_FORMATS),
  export_target_kind: among(['local_file', 'platform', 'public']),
  outcome: among(['done', 'refused', 'failed', 'interrupted']),
  command: among(['gc', 'rm']),
  action: among(['refused']),
  fields: among(['name', 'labels', 'retention_ttl_days', 'retention_class']),
  backend: among(['bubblewrap-overlay', 'bubblewrap', 'landlock', 'sandbox-exec', 'none']),
  level: among(['enforced+observed', 'isolated', 'enforced', 'detected', 'none']),
  type: among(Object.keys(PAYLOADS)),
  actor: among(ACTOR_TYPES),
  capability_id: among(Object.keys(CAPABILITIES)),
  decision: among(['allow', 'deny']),
};
/** Hashes that name content: the hash of restricted content would let somebody test guesses. */
const CONTENT_KEYS = new Set(['content_hash', 'source_hashes', 'input_hashes', 'consents']);
/** Hashes of records of the store. */
const RECORD_KEYS = new Set(['policy', 'policy_id', 'policy_hash', 'plan_hash', 'config_hash']);

export interface RedactorOptions {
  readonly mode: DebugMode;
  /** A secret of this store: equal texts are replaced alike, and nobody can test guesses at them. */
  readonly secret: string;
  /** Absolute. */
  readonly workspace: string;
  readonly home: string | undefined;
  isRestricted(contentHash: string): boolean;
}

/** Removes what the mode of a debug bundle does not allow; records where and which detector, never the text. */
export class Redactor {
  readonly redactions: RedactionEntry[] = [];
  readonly #options: RedactorOptions;

  constructor(options: RedactorOptions) {
    this.#options = options;
  }

  /** A record with its texts redacted; labels become a list, since users also choose their keys. */
  value(value: unknown, place: TextPosition, key = ''): Json {
    if (typeof value === 'string') return this.#string(value, place, key);
    if (typeof value !== 'object' || value === null) return value as Json;
    const at = (step: string): TextPosition => ({ ...place, location: `${place.location}${step}` });
    if (Array.isArray(value)) return value.map((v, i) => this.value(v, at(`[${i}]`), key));
    if (key === 'labels') {
      return Object.entries(value).map(([name, v], i) => this.#label(name, String(v), at(`[${i}]`)));
    }
    const pairs = Object.entries(value).filter(([, v]) => v !== undefined);
    return Object.fromEntries(pairs.map(([k, v]) => [k, this.value(v, at(`.${k}`), k)]));
  }

  /** Key and value together, since the key may identify the value: `password`. */
  #label(key: string, value: string, place: TextPosition): Json {
    if (this.#options.mode !== 'workspace') {
      return { key: this.text(key, place), value: this.text(value, place) };
    }
    const both = this.text(`${key}=${value}`, place);
    return both.startsWith(`${key}=`) ? { key, value: both.slice(key.length + 1) } : { value: both };
  }

  #string(value: string, place: TextPosition, key: string): string {
    if (this.#options.mode !== 'safe') return this.text(value, place);
    const isContent = CONTENT_KEYS.has(key) && isObjectId(value);
    if (isContent && !this.#options.isRestricted(value)) return value;
    if (!isContent && RECORD_KEYS.has(key) && isObjectId(value)) return value;
    if (SAFE_TEXTS[key]?.(value) === true) return value;
    return this.text(value, place);
  }

  /** Text written by a person or a tool; of one that is shown, at most about `most` characters. */
  text(text: string, place: TextPosition, most = Number.POSITIVE_INFINITY): string {
    const { mode } = this.#options;
    if (mode === 'full') return text;
    if (mode === 'safe') {
      for (const finding of findAll(text)) this.#note(place, markOf(finding));
      const withheld = `[REDACTED:text:withheld#${this.#token(text)}]`;
      this.#note(place, withheld);
      return withheld;
    }
    const whole = removeFindings(this.#relative(text));
    // What is cut may look like something that the whole does not.
    const shown = withoutRoot(whole.length <= most ? whole : removeFindings(cutAt(whole, most)));
    // Also the marks that the text had, which a reader cannot tell from others.
    for (const [mark] of shown.matchAll(MARK)) this.#note(place, mark);
    return shown;
  }

  /** An identifier chosen by another program, such as a job's: kept, unless it looks like something else. */
  identifier(id: string, place: TextPosition): string {
    const isPlain = findAll(id).length === 0 && id.search(MARK) < 0;
    return this.#options.mode === 'safe' && isPlain ? id : this.text(id, place);
  }

  /** An actor; names of people are redacted. */
  actor(id: string, place: TextPosition): string {
    return this.#options.mode === 'safe' ? this.text(id, place) : this.identifier(id, place);
  }

  /** Makes paths in the workspace and home directory relative. */
  #relative(text: string): string {
    const { workspace, home } = this.#options;
    const inside = text.replaceAll(`${workspace}/`, '').replaceAll(workspace, '[WORKSPACE_PATH]');
    const inWorkspace = inside === '' && text !== '' ? '[WORKSPACE_PATH]' : inside;
    return home === undefined || home === '/' ? inWorkspace : inWorkspace.replaceAll(home, '[HOME]');
  }

  #token(text: string): string {
    return createHmac('sha256', this.#options.secret).update(text).digest('hex').slice(0, 8);
  }

  #note({ file, location }: TextPosition, replacement: string): void {
    const [category, detector] = replacement.slice('[REDACTED:'.length, -1).split(':') as [string, string];
    const detector_id = detector.replace(/#.*/, '');
    this.redactions.push({ file, location, category, detector_id, replacement });
  }
}

/** Withholds an absolute path that no detector recognized. */
function withoutRoot(text: string): string {
  return text.startsWith('/') ? '[REDACTED:path:absolute-path]' : text;
}

/** The beginning of a text, which ends in no mark. */
function cutAt(text: string, most: number): string {
  const mark = text.lastIndexOf('[REDACTED:', most);
  const end = mark < 0 ? -1 : text.indexOf(']', mark);
  return text.slice(0, end > most ? end + 1 : most).toWellFormed();
}
