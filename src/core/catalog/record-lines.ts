import { classificationRank } from '../manifest/sensitivity.js';
import { CLASSIFICATIONS } from '../manifest/vocabulary.js';
import type { ArtifactRecord } from './artifact-record.js';
import { fromRow, type RecordRow } from './record-row.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const OPEN = 0x5b;
const TAB = 0x09;
const UUID_CHARS = 36;
const HASH_CHARS = 64;
const TIME_CHARS = 24;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const ERA_YEARS = 400;
const ERA_DAYS = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

/** A string among the bytes of a line; `from` is 0 where there is none. */
export class TextRange {
  from = 0;
  to = 0;
}

/**
 * Reads what decides about an artifact from the line of its row, without a string or an object for it: a million lines
 * cost a second. Numbers are those of {@link RecordRow}; ids are where their digits begin.
 */
export class RecordLines {
  bytes: Uint8Array = new Uint8Array();
  id = 0;
  manifest = 0;
  manifestSize = 0;
  content = 0;
  kind = 0;
  class = 0;
  layer = 0;
  /** Of its classification, from least to most sensitive. */
  rank = 0;
  exportable = 0;
  size = 0;
  /** ms. */
  created = 0;
  seq = 0;
  index = 0;
  /** ms. */
  registered = 0;
  readonly name = new TextRange();
  readonly hint = new TextRange();
  /** -1 for none. */
  ttlDays = 0;
  /** Its sources; each is an id in quotes, and a comma stands between two. */
  sources = 0;
  sourceCount = 0;
  #at = 0;
  #end = 0;

  /**
   * Reads the line from `at` to `end`. False for a directory, one with pins or more than one revision, and one with an
   * escape in its names, which are few: these are read as JSON.
   */
  read(bytes: Buffer, at: number, end: number): boolean {
    this.bytes = bytes;
    this.#at = bytes.indexOf(TAB, at) + 2;
    this.#end = end;
    this.id = this.#fixed(UUID_CHARS);
    const revision = this.#number();
    this.manifest = this.#fixed(HASH_CHARS);
    this.manifestSize = this.#number();
    this.content = this.#fixed(HASH_CHARS);
    const payloadType = this.#number();
    this.kind = this.#number();
    this.class = this.#number();
    this.layer = this.#number();
    this.rank = RANKS[this.#number()]!;
    this.exportable = this.#number();
    this.size = this.#number();
    this.created = this.#time();
    this.seq = this.#number();
    this.index = this.#number();
    this.registered = this.#time();
    if (revision !== 1 || payloadType !== 0 || !this.#text(this.name) || !this.#text(this.hint)) return false;
    this.ttlDays = this.#number() - 1;
    this.#sources();
    // No pins, no earlier revisions, not removed.
    for (let i = 0; i < 3; i++, this.#at += 2) if (bytes[this.#at] !== ZERO) return false;
    return this.#at < end;
  }

  /** Where a string of that length begins. */
  #fixed(length: number): number {
    const start = this.#at + 1;
    this.#at = start + length + 2;
    return start;
  }

  #number(): number {
    let value = 0;
    let at = this.#at;
    for (let digit = this.bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = this.bytes[++at]! - ZERO) {
      value = value * 10 + digit;
    }
    this.#at = at + 1;
    return value;
  }

  #two(at: number): number {
    return this.bytes[at]! * 10 + this.bytes[at + 1]! - 11 * ZERO;
  }

  #time(): number {
    const at = this.#fixed(TIME_CHARS);
    const month = this.#two(at + 5);
    // Years begin in March, so that the day that some of them have more is the last.
    const year = this.#two(at) * 100 + this.#two(at + 2) - (month <= 2 ? 1 : 0);
    const era = Math.floor(year / ERA_YEARS);
    const ofEra = year - era * ERA_YEARS;
    const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + this.#two(at + 8) - 1;
    const days = era * ERA_DAYS + ofEra * 365 + (ofEra >> 2) - Math.floor(ofEra / 100) + ofYear - EPOCH_DAYS;
    const minutes = days * DAY_MINUTES + this.#two(at + 11) * 60 + this.#two(at + 14);
    const seconds = this.#two(at + 17) * 1000 + this.#two(at + 20) * 10 + this.bytes[at + 22]! - ZERO;
    return minutes * MINUTE_MS + seconds;
  }

  /** False for one with an escape. */
  #text(into: TextRange): boolean {
    const { bytes } = this;
    if (bytes[this.#at] !== QUOTE) {
      into.from = into.to = 0;
      this.#at += 2;
      return true;
    }
    let at = this.#at + 1;
    into.from = at;
    for (; bytes[at] !== QUOTE; at++) if (at >= this.#end || bytes[at] === BACKSLASH) return false;
    into.to = at;
    this.#at = at + 2;
    return true;
  }

  #sources(): void {
    this.sourceCount = 0;
    this.sources = this.#at + 1;
    if (this.bytes[this.#at] !== OPEN) {
      this.#at += 2;
      return;
    }
    let at = this.#at + 1;
    while (this.bytes[at] === QUOTE) {
      this.sourceCount++;
      at += UUID_CHARS + 2;
      if (this.bytes[at] === COMMA) at++;
    }
    this.#at = at + 2;
  }

  /** Where the digits of a source begin. */
  sourceAt(n: number): number {
    return this.sources + n * (UUID_CHARS + 3) + 1;
  }
}

/** The record of a line, by way of JSON. */
export function recordOfLine(lines: Buffer, at: number, end: number): ArtifactRecord {
  return fromRow(JSON.parse(lines.toString('utf8', lines.indexOf(TAB, at) + 1, end)) as RecordRow);
}

const RANKS = CLASSIFICATIONS.map(classificationRank);
