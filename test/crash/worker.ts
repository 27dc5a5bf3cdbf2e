import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { createBundle } from '../../src/ops/bundle/create-bundle.js';
import { importBundle } from '../../src/ops/bundle/import-bundle.js';
import { exportArtifact } from '../../src/ops/export/export.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { forgetful } from '../sim/forgetful-disk.js';
import { Rng } from '../sim/rng.js';

/** What a worker says on its standard output, a line each; `begin` before it acts, `done` once it was told so. */
export type Said =
  | { readonly put: readonly ArtifactId[] }
  | { readonly pinned: readonly [name: string, id: ArtifactId] }
  | { readonly unpinning: string }
  | { readonly begin: string; readonly content: string }
  | { readonly done: string; readonly content: string }
  | { readonly ended: true };

export interface Work {
  /** A directory on the filesystem that loses its power. */
  readonly dir: string;
  readonly name: string;
  readonly seed: number;
  /** The control that must lose: nothing is synced. */
  readonly forgets: boolean;
}

const IMPATIENT = { ms: 0, wait: async () => undefined };
const CONTENTS = 6;
/** What a command may fairly be told beside others. */
const FAIR = ['NOT_FOUND', 'CONFLICT', 'PINNED', 'OBJECT_MISSING', 'SOURCE_CHANGED', 'DEST_EXISTS'] as const;

export const contentOf = (n: number) => `content ${n}\n`.repeat(1 + n * 200);

const say = (said: Said) => writeSync(1, `${JSON.stringify(said)}\n`);

/** A store, and what is put into it, made durable by the caller. */
export async function plant(dir: string): Promise<void> {
  for (const name of ['w', 'out', 'src']) mkdirSync(join(dir, name));
  for (let n = 0; n < CONTENTS; n++) {
    writeFileSync(join(dir, `src/file${n}`), contentOf(n));
    mkdirSync(join(dir, `src/tree${n}/sub`), { recursive: true });
    for (const name of ['a', 'sub/b']) writeFileSync(join(dir, `src/tree${n}`, name), contentOf(n));
  }
  await (await testStore(join(dir, 'w'))).close();
}

class Worker {
  readonly #work: Work;
  readonly #rng: Rng;
  readonly #pinned = new Map<string, ArtifactId>();
  #serial = 0;

  constructor(work: Work) {
    this.#work = work;
    this.#rng = new Rng(work.seed);
  }

  async one(): Promise<void> {
    const { dir, forgets } = this.#work;
    const disk = nodeDisk();
    const session = await openTestSession(join(dir, 'w'), {
      disk: forgets ? forgetful(disk) : disk,
      ...(this.#rng.chance(0.7) && { packLimits: TINY_PACKS }),
    });
    try {
      await this.#act(session);
    } catch (e) {
      if (!isHsError(e, ...FAIR)) throw e;
    } finally {
      await session.close();
    }
    say({ ended: true });
  }

  async #act(session: Session): Promise<void> {
    const rng = this.#rng;
    const catalog = await session.catalog();
    const live = (await catalog.live().all()).filter((r) => r.kind !== 'report');
    const [record] = live.length === 0 ? [] : [rng.pick(live)];
    const dice = rng.below(12);
    if (record === undefined || dice < 4) return this.#put(session);
    const id = record.artifact_id;
    if (dice < 6) {
      const name = `${this.#work.name}-${this.#serial++}`;
      await changePins(session, [{ change: 'pin', id, name }]);
      this.#pinned.set(name, id);
      say({ pinned: [name, id] });
    } else if (dice < 7) await this.#unpin(session);
    else if (dice < 8) await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
    else if (dice < 9) await collect(session, { emptyTrash: rng.chance(0.5), patience: IMPATIENT });
    else if (dice < 11)
      await this.#export(
        session,
        live.filter((r) => r.kind !== 'bundle'),
      );
    else if (rng.chance(0.5)) await this.#carry(session, id);
    else {
      const removed = await catalog.removed().all();
      if (removed.length > 0) await restore(session, [rng.pick(removed).artifact_id], { pin: false });
    }
  }

  async #put(session: Session): Promise<void> {
    const n = this.#rng.below(CONTENTS);
    const path = join(this.#work.dir, 'src', `${this.#rng.pick(['file', 'tree'])}${n}`);
    const made = await put(session, [{ path }], this.#rng.chance(0.3) ? { ttl: 0 } : {});
    say({ put: made.map((m) => m.artifactId) });
  }

  async #unpin(session: Session): Promise<void> {
    if (this.#pinned.size === 0) return;
    const [name, id] = this.#rng.pick([...this.#pinned]);
    this.#pinned.delete(name);
    say({ unpinning: name });
    await changePins(session, [{ change: 'unpin', id, name }]);
  }

  /** Each worker has destinations of its own, so that it knows what was there. */
  async #export(
    session: Session,
    from: readonly { artifact_id: ArtifactId; payload_type: string; content_hash: string }[],
  ): Promise<void> {
    if (from.length === 0) return;
    const { artifact_id: artifact, payload_type, content_hash: content } = this.#rng.pick(from);
    const path = join(this.#work.dir, 'out', `${this.#work.name}-${payload_type}`);
    say({ begin: path, content });
    await exportArtifact(session, { artifact, place: { kind: 'path', path }, force: true });
    say({ done: path, content });
  }

  /** A bundle that leaves as a tar and comes in again. */
  async #carry(session: Session, id: ArtifactId): Promise<void> {
    const bundle = await createBundle(session, [id]);
    const path = join(this.#work.dir, 'out', `${this.#work.name}-bundle.tar`);
    const { artifactId } = bundle;
    say({ put: [artifactId] });
    await exportArtifact(session, {
      artifact: artifactId,
      place: { kind: 'path', path },
      format: 'tar',
      force: true,
    });
    await importBundle(session, path);
  }
}

/** Works until standard input ends; answers each line there, so that its reader knows what was said before. */
export async function work(given: Work): Promise<void> {
  let over = false;
  process.stdin
    .on('data', () => writeSync(1, '!\n'))
    .on('end', () => {
      over = true;
    });
  const worker = new Worker(given);
  while (!over) await worker.one();
}
