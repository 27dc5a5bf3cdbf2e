import { compact } from '../json/omit-undefined.js';
import type { LedgerEntry } from '../ledger/entry.js';
import type { EntryPayload } from '../ledger/entry-types.js';
import type { ArtifactFacts, LedgerOp } from '../ledger/operation.js';
import type { ArtifactRecord, Pin, Registration } from './artifact-record.js';
import type { CatalogMeta, Head } from './catalog.js';
import { ROOTS, UNREAD } from './catalog-keys.js';
import { digestOfFacts } from './facts-digest.js';
import { ListBeginning, rowsOfEntry } from './ledger-rows.js';
import { OperationSequence } from './operation-sequence.js';
import { rowSum } from './table-sums.js';

/** Numbers that are kept of an artifact. */
const [FACTS, HISTORY, REMOVAL, WIDTH] = [0, 1, 2, 3];
const LEAST_ROWS = 64;
const NO_PINS: readonly Pin[] = [];

const originOf = ({ seq, index, at, actor }: Registration) => rowSum(at, `${seq} ${index} ${actor}`);
/** Of the registration and all manifests one after another. */
const withManifest = (before: number, id: string, size: number) => rowSum(id, `${size} ${before}`);
const removalOf = ({ seq, at, purge }: NonNullable<ArtifactRecord['removed']>) =>
  rowSum(at, `${seq} ${purge}`);
const areSame = (a: readonly Pin[], b: readonly Pin[]) =>
  a.length === b.length && (a.length === 0 || JSON.stringify(a) === JSON.stringify(b));

/**
 * A fold of the ledger that keeps of an artifact what tells whether a record of it is right: 24 bytes besides those of
 * the check, its pins, and nothing on the JavaScript heap. What it allows, the fold allows, and the other way round.
 */
export class LedgerDigest extends OperationSequence {
  #columns = new Float64Array(LEAST_ROWS * WIDTH);
  readonly #pins = new Map<number, readonly Pin[]>();
  /** Keys and values of the rows of entries. */
  readonly #rows = new Map<string, unknown>();
  #policy = '';
  #at = '';
  #changed = -1;
  #onlyAdds = true;
  #isUnread = false;
  /** Of the entry that is being folded. */
  #list: ListBeginning | undefined;
  #head: Head | undefined;

  /** Number and hash of the entry that was folded last. */
  get head(): Head | undefined {
    return this.#head;
  }
  /** Rows of the facts of entries besides their operations. */
  get rows(): ReadonlyMap<string, unknown> {
    return this.#rows;
  }

  /** Whether the payload of an entry could not be read, which may name more. */
  get isUnread(): boolean {
    return this.#isUnread;
  }

  override apply(entry: LedgerEntry, op: LedgerOp, index: number): number {
    const number = super.apply(entry, op, index);
    if (op.op !== 'add') this.#onlyAdds = false;
    if (entry.ops_object !== undefined) {
      this.#list ??= new ListBeginning();
      this.#list.add(op);
    }
    switch (op.op) {
      case 'add':
        this.#add(number, entry, op, index);
        break;
      case 'revise':
        this.#setFacts(number, op);
        break;
      case 'pin': {
        const { name, reason, until } = op;
        const pin: Pin = compact({ name, reason, until, actor: actorOf(entry), at: entry.at });
        const others = this.#pinsOf(number).filter((p) => p.name !== name);
        this.#setPins(
          number,
          [...others, pin].sort((a, b) => (a.name < b.name ? -1 : 1)),
        );
        break;
      }
      case 'unpin':
        this.#setPins(
          number,
          this.#pinsOf(number).filter((p) => p.name !== op.name),
        );
        break;
      case 'remove':
        this.#setPins(number, NO_PINS);
        this.#set(number, REMOVAL, removalOf({ seq: entry.seq, at: entry.at, purge: op.purge === true }));
        break;
      case 'restore':
        this.#set(number, REMOVAL, 0);
        break;
      case 'set_policy':
        this.#policy = op.policy;
        this.#include(ROOTS + op.policy, 1);
    }
    return number;
  }

  override finish(entry: LedgerEntry, hash: Head['hash'], payload: EntryPayload | undefined): void {
    super.finish(entry, hash, payload);
    const list = this.#list ?? (entry.ops_object === undefined ? undefined : new ListBeginning());
    this.#list = undefined;
    for (const { key, value } of rowsOfEntry(entry, payload, list)) {
      this.#include(key, value);
      if (key.startsWith(UNREAD)) this.#isUnread = true;
    }
    if (entry.decision !== 'deny' || this.#head === undefined) this.#at = entry.at;
    if (!this.#onlyAdds) this.#changed = entry.seq;
    this.#onlyAdds = true;
    this.#head = { seq: entry.seq, hash };
  }

  #include(key: string, value: unknown): void {
    if (!this.#rows.has(key)) this.#rows.set(key, value);
  }

  #add(number: number, entry: LedgerEntry, facts: ArtifactFacts, index: number): void {
    if (number * WIDTH >= this.#columns.length) {
      const more = new Float64Array(2 * this.#columns.length);
      more.set(this.#columns);
      this.#columns = more;
    }
    this.#set(number, HISTORY, originOf({ seq: entry.seq, index, at: entry.at, actor: actorOf(entry) }));
    this.#setFacts(number, facts);
  }

  #setFacts(number: number, facts: ArtifactFacts): void {
    this.#set(number, FACTS, digestOfFacts(facts));
    const before = this.#get(number, HISTORY);
    this.#set(number, HISTORY, withManifest(before, facts.manifest, facts.manifest_size_bytes));
  }

  #get(number: number, column: number): number {
    return this.#columns[number * WIDTH + column]!;
  }
  #set(number: number, column: number, value: number): void {
    this.#columns[number * WIDTH + column] = value;
  }

  #pinsOf(number: number): readonly Pin[] {
    return this.#pins.get(number) ?? NO_PINS;
  }
  #setPins(number: number, pins: readonly Pin[]): void {
    if (pins.length === 0) this.#pins.delete(number);
    else this.#pins.set(number, pins);
  }

  /** The digest of the facts of a record; undefined unless it is that of the artifact after the last entry. */
  digestOf(r: ArtifactRecord): number | undefined {
    const number = this.numberOf(r.artifact_id);
    if (number < 0) return undefined;
    let history = originOf(r.registered);
    for (const { manifest, size_bytes } of r.manifests) history = withManifest(history, manifest, size_bytes);
    const facts = this.#get(number, FACTS);
    const isRight =
      facts === digestOfFacts(r) &&
      this.#get(number, HISTORY) === history &&
      this.#get(number, REMOVAL) === (r.removed === undefined ? 0 : removalOf(r.removed)) &&
      areSame(this.#pinsOf(number), r.pins);
    return isRight ? facts : undefined;
  }

  /** Whether a state says this of the ledger as a whole. */
  isState({ seq, hash, policy, at, changed }: CatalogMeta): boolean {
    return (
      this.#head?.seq === seq &&
      this.#head.hash === hash &&
      this.#policy === policy &&
      this.#at === at &&
      this.#changed === changed
    );
  }
}

const actorOf = (entry: LedgerEntry) => `${entry.actor}:${entry.actor_id}`;
