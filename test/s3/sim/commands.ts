import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { isHsError } from '../../../src/errors/hs-error.js';
import { ArtifactStore } from '../../../src/library/artifact-store.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import type { Patience } from '../../../src/store/collector/await-leases.js';
import { CONTENTS, type Machines, type Place } from './machines.js';

const IMPATIENT: Patience = { ms: 0, wait: async () => undefined };

/** What commands were told, in each of the stores. */
export class Told {
  readonly acknowledged = new Set<ArtifactId>();
  /** Pins that were acknowledged, and that nobody began to take away. */
  readonly pinned = new Map<string, ArtifactId>();
  /** What became of each note: without an answer, nobody knows. */
  readonly notes = new Map<string, 'done' | 'failed' | 'unknown'>();
  readonly wrong: string[] = [];
}

/** What the processes of a machine do, each by the library, with a session of its own. */
export class Commands {
  readonly #world: Machines;
  readonly told: Readonly<Record<Place, Told>> = { here: new Told(), there: new Told() };
  #serial = 0;

  constructor(world: Machines) {
    this.#world = world;
  }

  async #pick(session: Session, of: 'live' | 'removed'): Promise<ArtifactRecord | undefined> {
    const all = await (await session.catalog())[of]().all();
    return all.length === 0 ? undefined : this.#world.rng.pick(all);
  }

  /** One change by a writer, or a look. */
  async write(session: Session, place: Place, who: string): Promise<void> {
    const { rng } = this.#world;
    const store = new ArtifactStore(session);
    const dice = rng.below(40);
    if (dice < 10) return this.#put(store, place);
    if (dice < 18) return this.#note(store, place, who);
    if (dice < 25) return this.#pin(session, store, place, who);
    if (dice < 31) return this.#unpin(store, place, who);
    if (dice < 33) return this.#restore(session, store);
    const record = await this.#pick(session, 'live');
    if (record === undefined) return;
    const id = record.artifact_id;
    if (dice < 34)
      await removeArtifacts(session, new Set([id]), { patience: IMPATIENT, purge: rng.chance(0.2) });
    else if (dice < 36) await store.label(id, { turn: String(this.#serial++) });
    else if (dice < 37) await this.#bundle(session, store, place);
    else await this.#read(store, place, record);
  }

  #someSource(): { readonly path: string; readonly ttl: { readonly ttl?: number } } {
    const { rng } = this.#world;
    const path = `/src/${rng.chance(0.7) ? 'file' : 'tree'}${rng.below(CONTENTS)}`;
    // What is put again and again must go in between, for its keys to be condemned.
    return { path, ttl: rng.chance(0.95) ? { ttl: 0 } : {} };
  }

  /** The command `put`: all that a process does, in a session that only adds. */
  async putAlone(session: Session, place: Place): Promise<void> {
    const { path, ttl } = this.#someSource();
    const made = await put(session, [{ path }], ttl);
    this.#acknowledge(
      place,
      made.map(({ artifactId }) => artifactId),
    );
  }

  async #put(store: ArtifactStore, place: Place): Promise<void> {
    const { rng } = this.#world;
    const { path, ttl } = this.#someSource();
    const isNew = rng.chance(0.3);
    const source = isNew ? Buffer.from(`new ${this.#serial++}`) : path;
    const { artifactId } = await store.put(source, {
      ...ttl,
      ...(isNew ? { filenameHint: 'new.txt', kind: 'file' } : {}),
    });
    this.#acknowledge(place, [artifactId]);
  }

  /** Nobody is told of a success that is not in the ledger. */
  #acknowledge(place: Place, ids: readonly ArtifactId[]): void {
    const { wrong, acknowledged } = this.told[place];
    for (const id of ids) {
      acknowledged.add(id);
      if (this.#world.truth[place].isLive(id) === undefined)
        wrong.push(`acknowledged ${id} is not in the ledger`);
    }
  }

  async #note(store: ArtifactStore, place: Place, who: string): Promise<void> {
    const { notes, wrong } = this.told[place];
    const text = `${who} ${this.#serial++}`;
    notes.set(text, 'unknown');
    try {
      await store.note(text);
      notes.set(text, 'done');
      if (this.#world.truth[place].notes.get(text) !== 1)
        wrong.push(`note '${text}' is not in the ledger once`);
    } catch (e) {
      if (!isHsError(e, 'OUTCOME_UNKNOWN')) notes.set(text, 'failed');
      throw e;
    }
  }

  async #pin(session: Session, store: ArtifactStore, place: Place, who: string): Promise<void> {
    const record = await this.#pick(session, 'live');
    if (record === undefined) return;
    const name = `${who}-${this.#serial++}`;
    await store.pin([record.artifact_id], { name });
    this.told[place].pinned.set(name, record.artifact_id);
  }

  async #unpin(store: ArtifactStore, place: Place, who: string): Promise<void> {
    const { pinned } = this.told[place];
    const mine = [...pinned].filter(([name]) => name.startsWith(`${who}-`));
    if (mine.length === 0) return;
    const [name, id] = this.#world.rng.pick(mine);
    pinned.delete(name);
    await store.unpin([id], { name });
  }

  async #restore(session: Session, store: ArtifactStore): Promise<void> {
    const record = await this.#pick(session, 'removed');
    if (record !== undefined) await store.restore([record.artifact_id], { pin: false });
  }

  async #bundle(session: Session, store: ArtifactStore, place: Place): Promise<void> {
    const all = (await (await session.catalog()).live().all()).filter(
      (r) => r.kind !== 'bundle' && r.kind !== 'report',
    );
    if (all.length < 2) return;
    const ids = [this.#world.rng.pick(all).artifact_id, this.#world.rng.pick(all).artifact_id];
    const { artifactId } = await store.bundle(ids);
    this.#acknowledge(place, [artifactId]);
  }

  /** What is live from beginning to end can be read. */
  async #read(store: ArtifactStore, place: Place, record: ArtifactRecord): Promise<void> {
    if (record.payload_type === 'directory') return;
    try {
      await store.read(record.artifact_id);
    } catch (e) {
      const isLive = this.#world.truth[place].isLive(record.artifact_id);
      if (isHsError(e, 'OBJECT_MISSING') && isLive && !this.#world.isStale)
        this.told[place].wrong.push(`live ${record.artifact_id} could not be read: ${e.message}`);
      throw e;
    }
  }

  async export(session: Session, machine: string): Promise<void> {
    const files = (await (await session.catalog()).live().all()).filter(
      (r) => r.kind !== 'report' && r.kind !== 'bundle',
    );
    if (files.length === 0) return;
    const { artifact_id, payload_type } = this.#world.rng.pick(files);
    const path = `${this.#world.homeOf(machine)}/${payload_type}`;
    await new ArtifactStore(session).export(artifact_id, path, { force: true });
  }

  async collect(session: Session): Promise<void> {
    await collect(session, { emptyTrash: this.#world.rng.chance(0.7), patience: IMPATIENT });
  }

  /** Copies what another store lacks, and what it has back. */
  async transfer(here: Session, there: Session): Promise<void> {
    const { rng } = this.#world;
    const [one, other] = [new ArtifactStore(here), new ArtifactStore(there)];
    const [from, to] = rng.chance(0.6) ? (['here', 'there'] as const) : (['there', 'here'] as const);
    const live = await (await (from === 'here' ? here : there).catalog()).live().all();
    if (live.length === 0) return;
    const ids = Array.from({ length: 1 + rng.below(4) }, () => rng.pick(live).artifact_id);
    const { artifacts } = await (from === 'here' ? one.push(other, ids) : one.pull(other, ids));
    this.#acknowledge(
      to,
      artifacts.map((a) => a.artifactId),
    );
  }
}
