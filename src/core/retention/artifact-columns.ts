import type { ArtifactRecord } from '../catalog/artifact-record.js';
import { TablesDamaged } from '../catalog/key-tables.js';
import { seriesKey } from '../catalog/series.js';
import { classificationRank, isSensitive } from '../manifest/sensitivity.js';
import { LAYERS, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { type ArtifactId, timestampMs } from '../objects/ids.js';
import { UuidTable } from '../objects/uuid-table.js';
import { float64, GrowingColumn, uint8, uint32 } from './growing-column.js';
import { ObjectColumns } from './object-columns.js';
import { pinsEnd, type RetentionFacts, ttlEndMs } from './rule.js';
import type { SizedObject } from './sized-object.js';

/** The objects that one live artifact names: the manifests of all its revisions, payload, index, members. */
export interface ArtifactObjects {
  /** Those that are known; an object that is named twice may be listed twice. */
  readonly objects: readonly SizedObject[];
  /** One of them is missing, of another size or unreadable: the artifact is not judged (D8). */
  readonly damaged: boolean;
}

/**
 * What decides about live artifacts, in columns of numbers: some 150 bytes each, none on the JavaScript heap. A row is
 * an artifact's place in the order in which they were added.
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
  readonly #seriesNumbers = new Map<string, number>();
  readonly #bytes: Readonly<Record<'class' | 'layer' | 'sensitivity' | 'damaged', GrowingColumn<Uint8Array>>>;
  readonly #objectEnds: GrowingColumn<Uint32Array>;
  readonly #objectNumbers: GrowingColumn<Uint32Array>;
  /** Sources of the rows that have any, and of removed artifacts: numbers in `sourceIds`. */
  readonly #sourcesOfRow = new Map<number, Uint32Array>();
  readonly #sourcesOfRemoved = new Map<number, Uint32Array>();
  #isNewestFirst = true;

  /** `expected` artifacts take no growing. */
  constructor(expected = 0) {
    const number = () => new GrowingColumn(float64, expected);
    const byte = () => new GrowingColumn(uint8, expected);
    this.ids = new UuidTable<ArtifactId>(expected);
    this.objects = new ObjectColumns(2 * expected);
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
  }

  get size(): number {
    return this.ids.size;
  }
  /** Series that the artifacts are of. */
  get seriesCount(): number {
    return this.#seriesNumbers.size;
  }

  /** Adds a live artifact, once. */
  add(record: ArtifactRecord, { objects, damaged }: ArtifactObjects): void {
    const row = this.ids.add(record.artifact_id);
    if (row !== this.#index.length) throw new TablesDamaged(`artifact ${record.artifact_id} is there twice`);
    const { seq, index, at } = record.registered;
    if (row > 0 && this.#isAfter(seq, index, row - 1)) this.#isNewestFirst = false;
    const { seq: seqs, created, registered, ttlEnd, bytes, pinsEnd: pins } = this.#numbers;
    seqs.push(seq);
    this.#index.push(index);
    created.push(timestampMs(record.created_at));
    registered.push(timestampMs(at));
    ttlEnd.push(ttlEndMs(record) ?? Number.NaN);
    bytes.push(record.size_bytes);
    pins.push(record.pins.length === 0 ? 0 : pinsEnd(record.pins));
    this.#series.push(this.#seriesNumber(seriesKey(record)));
    this.#bytes.class.push(RETENTION_CLASSES.indexOf(record.retention_class));
    this.#bytes.layer.push(LAYERS.indexOf(record.layer));
    const rank = classificationRank(record.classification);
    this.#bytes.sensitivity.push(rank * 4 + (record.exportable ? 2 : 0) + (isSensitive(record) ? 1 : 0));
    this.#bytes.damaged.push(damaged ? 1 : 0);
    for (const object of objects) this.#objectNumbers.push(this.objects.use(object));
    this.#objectEnds.push(this.#objectNumbers.length);
    if (record.sources !== undefined) this.#sourcesOfRow.set(row, this.#sourceNumbers(record.sources));
  }

  #seriesNumber(key: string): number {
    const known = this.#seriesNumbers.get(key);
    if (known !== undefined) return known;
    this.#seriesNumbers.set(key, this.#seriesNumbers.size);
    return this.#seriesNumbers.size - 1;
  }

  #sourceNumbers(ids: readonly ArtifactId[]): Uint32Array {
    return Uint32Array.from(ids, (id) => this.sourceIds.add(id));
  }

  /** Notes what a removed artifact was made from: what lies behind it may be held all the same. */
  addRemoved(id: ArtifactId, sources: readonly ArtifactId[]): void {
    this.#sourcesOfRemoved.set(this.sourceIds.add(id), this.#sourceNumbers(sources));
  }

  /** Numbers in `sourceIds` of what a row was made from. */
  sourcesOf(row: number): Uint32Array | undefined {
    return this.#sourcesOfRow.get(row);
  }

  /** The same of an artifact that is one of `sourceIds`; undefined where it has none or is not known. */
  sourcesOfSource(number: number): Uint32Array | undefined {
    const row = this.rowOfSource(number);
    return row < 0 ? this.#sourcesOfRemoved.get(number) : this.#sourcesOfRow.get(row);
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
    const rows = Uint32Array.from({ length: this.size }, (_, row) => row);
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
