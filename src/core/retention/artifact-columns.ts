import type { ArtifactRecord } from '../catalog/artifact-record.js';
import { TablesDamaged } from '../catalog/key-tables.js';
import type { RecordLines } from '../catalog/record-lines.js';
import { DAY_MS } from '../duration.js';
import { classificationRank } from '../manifest/sensitivity.js';
import { KINDS, LAYERS, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { float64, GrowingColumn, uint8, uint32 } from '../objects/growing-column.js';
import { type ArtifactId, timestampMs } from '../objects/ids.js';
import { TextTable } from '../objects/text-table.js';
import { UuidTable } from '../objects/uuid-table.js';
import { ObjectColumns } from './object-columns.js';
import { pinsEnd, type RetentionFacts } from './rule.js';
import type { SizedObject } from './sized-object.js';

/** The objects that one live artifact names: the manifests of all its revisions, payload, index, members. */
export interface ArtifactObjects {
  /** Those that are known; an object that is named twice may be listed twice. */
  readonly objects: readonly SizedObject[];
  /** One of them is missing, of another size or unreadable: the artifact is not judged (D8). */
  readonly damaged: boolean;
}

/** What decides about an artifact besides its pins, as {@link RecordLines} reads it. */
type RowNumbers = Pick<
  RecordLines,
  | 'seq'
  | 'index'
  | 'created'
  | 'registered'
  | 'ttlDays'
  | 'size'
  | 'kind'
  | 'class'
  | 'layer'
  | 'rank'
  | 'exportable'
>;

const PROMPT_PAYLOAD = KINDS.indexOf('prompt_payload');
const HIGH = classificationRank('high');
/** First bytes of series that go by a kind; those of others are lower. */
const BY_KIND = 2 * RETENTION_CLASSES.length;

/**
 * What decides about live artifacts, in columns of numbers: some 100 bytes each besides their ids and objects, none on the
 * JavaScript heap. A row is an artifact's place in the order in which they were added.
 */
export class ArtifactColumns {
  readonly ids: UuidTable<ArtifactId>;
  readonly objects: ObjectColumns;
  /** Ids that artifacts name as sources, live or not. */
  readonly sourceIds = new UuidTable<ArtifactId>();
  readonly #numbers: Readonly<
    Record<'seq' | 'created' | 'registered' | 'ttlEnd' | 'bytes' | 'pinsEnd', GrowingColumn<Float64Array>>
  >;
  readonly #index: GrowingColumn<Uint32Array>;
  readonly #series: GrowingColumn<Uint32Array>;
  readonly #seriesNames = new TextTable();
  readonly #bytes: Readonly<Record<'class' | 'layer' | 'sensitivity' | 'damaged', GrowingColumn<Uint8Array>>>;
  readonly #objectEnds: GrowingColumn<Uint32Array>;
  readonly #objectNumbers: GrowingColumn<Uint32Array>;
  /** Sources of each row: numbers in `sourceIds`. */
  readonly #sourceEnds: GrowingColumn<Uint32Array>;
  readonly #sourceNumbers = new GrowingColumn(uint32);
  readonly #sourcesOfRemoved = new Map<number, Uint32Array>();
  #isNewestFirst = true;

  /** `expected` artifacts that are files and `roots` other objects take no growing. */
  constructor(expected = 0, roots = 0) {
    const number = () => new GrowingColumn(float64, expected);
    const byte = () => new GrowingColumn(uint8, expected);
    this.ids = new UuidTable<ArtifactId>(expected);
    this.objects = new ObjectColumns(2 * expected + roots);
    this.#numbers = {
      seq: number(),
      created: number(),
      registered: number(),
      ttlEnd: number(),
      bytes: number(),
      pinsEnd: number(),
    };
    this.#index = new GrowingColumn(uint32, expected);
    this.#series = new GrowingColumn(uint32, expected);
    this.#bytes = { class: byte(), layer: byte(), sensitivity: byte(), damaged: byte() };
    this.#objectEnds = new GrowingColumn(uint32, expected);
    this.#objectNumbers = new GrowingColumn(uint32, 2 * expected);
    this.#sourceEnds = new GrowingColumn(uint32, expected);
  }

  get size(): number {
    return this.ids.size;
  }
  /** Series that the artifacts are of. */
  get seriesCount(): number {
    return this.#seriesNames.size;
  }

  /** Adds a live artifact, once. */
  add(record: ArtifactRecord, { objects, damaged }: ArtifactObjects): void {
    this.#checkNew(this.ids.add(record.artifact_id), record.artifact_id);
    const { name, filename_hint: hint } = record;
    const numbers: RowNumbers = {
      seq: record.registered.seq,
      index: record.registered.index,
      created: timestampMs(record.created_at),
      registered: timestampMs(record.registered.at),
      ttlDays: record.retention_ttl_days ?? -1,
      size: record.size_bytes,
      kind: KINDS.indexOf(record.kind),
      class: RETENTION_CLASSES.indexOf(record.retention_class),
      layer: LAYERS.indexOf(record.layer),
      rank: classificationRank(record.classification),
      exportable: record.exportable ? 1 : 0,
    };
    const word = Buffer.from(name ?? hint ?? '', 'utf8');
    const series = this.#seriesNumber(numbers, name !== undefined, hint !== undefined, word, 0, word.length);
    this.#push(numbers, series, record.pins.length === 0 ? 0 : pinsEnd(record.pins), damaged);
    for (const { id, size } of objects) this.#objectNumbers.push(this.objects.note(id, size));
    for (const source of record.sources ?? []) this.#sourceNumbers.push(this.sourceIds.add(source));
    this.#end();
  }

  /** As `add`, of a line that could be read: a file without pins. */
  addLine(line: RecordLines): void {
    const { bytes, name, hint } = line;
    const row = this.ids.addAt(bytes, line.id);
    if (row < this.#index.length) this.#checkNew(row, this.ids.at(row));
    const { from, to } = name.from > 0 ? name : hint;
    this.#push(line, this.#seriesNumber(line, name.from > 0, hint.from > 0, bytes, from, to), 0, false);
    this.#objectNumbers.push(this.objects.noteAt(bytes, line.manifest, line.manifestSize));
    this.#objectNumbers.push(this.objects.noteAt(bytes, line.content, line.size));
    for (let i = 0; i < line.sourceCount; i++) {
      this.#sourceNumbers.push(this.sourceIds.addAt(bytes, line.sourceAt(i)));
    }
    this.#end();
  }

  #checkNew(row: number, id: ArtifactId): void {
    if (row !== this.#index.length) throw new TablesDamaged(`artifact ${id} is there twice`);
  }

  #push(of: RowNumbers, seriesNumber: number, pinned: number, damaged: boolean): void {
    const row = this.#index.length;
    if (row > 0 && this.#isAfter(of.seq, of.index, row - 1)) this.#isNewestFirst = false;
    const { seq, created, registered, ttlEnd, bytes, pinsEnd: pins } = this.#numbers;
    seq.push(of.seq);
    this.#index.push(of.index);
    created.push(of.created);
    registered.push(of.registered);
    ttlEnd.push(of.ttlDays < 0 ? Number.NaN : of.created + of.ttlDays * DAY_MS);
    bytes.push(of.size);
    pins.push(pinned);
    this.#series.push(seriesNumber);
    this.#bytes.class.push(of.class);
    this.#bytes.layer.push(of.layer);
    const isSensitive = of.kind === PROMPT_PAYLOAD || of.rank === HIGH;
    this.#bytes.sensitivity.push(of.rank * 4 + of.exportable * 2 + (isSensitive ? 1 : 0));
    this.#bytes.damaged.push(damaged ? 1 : 0);
  }

  /** After the objects and sources of a row. */
  #end(): void {
    this.#objectEnds.push(this.#objectNumbers.length);
    this.#sourceEnds.push(this.#sourceNumbers.length);
  }

  /** As `seriesKey` has it. */
  #seriesNumber(
    of: RowNumbers,
    hasName: boolean,
    hasHint: boolean,
    word: Uint8Array,
    from: number,
    to: number,
  ): number {
    const isByKind = !(hasName || hasHint);
    const first = isByKind ? BY_KIND + of.class * KINDS.length + of.kind : 2 * of.class + (hasName ? 0 : 1);
    return this.#seriesNames.add(first, word, from, to);
  }

  #sourceNumbersOf(ids: readonly ArtifactId[]): Uint32Array {
    return Uint32Array.from(ids, (id) => this.sourceIds.add(id));
  }

  /** Notes what a removed artifact was made from: what lies behind it may be held all the same. */
  addRemoved(id: ArtifactId, sources: readonly ArtifactId[]): void {
    this.#sourcesOfRemoved.set(this.sourceIds.add(id), this.#sourceNumbersOf(sources));
  }

  /** Numbers in `sourceIds` of what a row was made from. */
  sourcesOf(row: number): Uint32Array {
    const ends = this.#sourceEnds.values;
    return this.#sourceNumbers.values.subarray(row === 0 ? 0 : ends[row - 1]!, ends[row]!);
  }

  /** The same of an artifact that is one of `sourceIds`; undefined where it has none or is not known. */
  sourcesOfSource(number: number): Uint32Array | undefined {
    const row = this.rowOfSource(number);
    return row < 0 ? this.#sourcesOfRemoved.get(number) : this.sourcesOf(row);
  }

  /** The row of one of `sourceIds`; -1 when it is not live. */
  rowOfSource(number: number): number {
    return this.ids.numberOf(this.sourceIds.at(number));
  }

  #isAfter(seq: number, index: number, row: number): boolean {
    return (seq - this.seq[row]! || index - this.index[row]!) > 0;
  }

  /** Rows from the newest by ledger position to the oldest. */
  newestFirst(): Uint32Array {
    const rows = new Uint32Array(this.size);
    for (let row = 0; row < rows.length; row++) rows[row] = row;
    const { seq, index } = this;
    return this.#isNewestFirst ? rows : rows.sort((a, b) => seq[b]! - seq[a]! || index[b]! - index[a]!);
  }

  get seq(): Float64Array {
    return this.#numbers.seq.values;
  }
  /** Place among the operations of the entry. */
  get index(): Uint32Array {
    return this.#index.values;
  }
  get bytes(): Float64Array {
    return this.#numbers.bytes.values;
  }
  /** When the last of its pins is over; 0 without any. */
  get pinsEnd(): Float64Array {
    return this.#numbers.pinsEnd.values;
  }
  get series(): Uint32Array {
    return this.#series.values;
  }
  /** Places in `RETENTION_CLASSES`. */
  get classes(): Uint8Array {
    return this.#bytes.class.values;
  }
  /** 1 for what cannot be judged (D8); may be set. */
  get damaged(): Uint8Array {
    return this.#bytes.damaged.values;
  }

  isSensitive(row: number): boolean {
    return (this.#bytes.sensitivity.values[row]! & 1) === 1;
  }
  isExportable(row: number): boolean {
    return (this.#bytes.sensitivity.values[row]! & 2) === 2;
  }
  classificationRank(row: number): number {
    return this.#bytes.sensitivity.values[row]! >> 2;
  }

  /** Numbers of the objects that it names. */
  objectsOf(row: number): Uint32Array {
    const ends = this.#objectEnds.values;
    return this.#objectNumbers.values.subarray(row === 0 ? 0 : ends[row - 1]!, ends[row]!);
  }

  /** What the rules go by. */
  factsOf(row: number): RetentionFacts {
    const { created, registered, ttlEnd, pinsEnd: pins } = this.#numbers;
    return {
      created: created.values[row]!,
      registered: registered.values[row]!,
      ttlEnd: ttlEnd.values[row]!,
      pinsEnd: pins.values[row]!,
      isSensitive: this.isSensitive(row),
      layer: LAYERS[this.#bytes.layer.values[row]!]!,
      retention_class: RETENTION_CLASSES[this.#bytes.class.values[row]!]!,
    };
  }
}
