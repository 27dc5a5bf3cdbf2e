import { sha256 } from '../../src/core/objects/hash.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { type ErrorCode, type HsError, isHsError } from '../../src/errors/hs-error.js';
import type { ArtifactStore } from '../../src/library/artifact-store.js';
import { isTornIndex } from './invariants.js';
import type { Destinations, Promises } from './promises.js';
import type { Rng } from './rng.js';

/** What a call works on: two open stores, and what is promised of them. */
export interface Ground {
  readonly here: ArtifactStore;
  /** Opened when it is first asked for. */
  readonly there: () => Promise<ArtifactStore>;
  readonly promises: { readonly here: Promises; readonly there: Promises };
  readonly destinations: Destinations;
  readonly rng: Rng;
  /** Whether the power has been cut. */
  readonly isCut: () => boolean;
  /** Names the pins of this call. */
  readonly luck: number;
}

export const SOURCES = 4;
export const OUT = '/out';
export const BUNDLE = '/src/bundle.tar';

/** A promise that was broken in a call's own answer. */
export class Broken extends Error {}

/** Damage was reported that nobody did: fair of a check that could not read. */
export class Alarm extends Error {}

async function anyLive({ here, rng }: Ground, but: readonly string[] = []) {
  const all = (await here.list()).filter((r) => !but.includes(r.kind));
  return all.length === 0 ? undefined : rng.pick(all);
}

const sourceOf = (rng: Rng) => `/src/${rng.pick(['file', 'tree'])}${rng.below(SOURCES)}`;

/** What was not done to single artifacts is fair or not like an error of the whole. */
function thrown(errors: readonly { readonly error: HsError }[]): void {
  for (const { error } of errors) throw error;
}

/** Whether the store has lost what an export wrote there, with what was removed for good: it cannot tell whose files they are. */
async function hasForgotten({ here, destinations }: Ground, path: string): Promise<boolean> {
  for (const content of destinations.contents(path)) if (!(await here.hasObject(content))) return true;
  return false;
}

async function remove({ here, promises }: Ground, id: ArtifactId, purge: boolean): Promise<void> {
  const { refused } = await here.remove([id], { purge });
  thrown(refused);
  promises.here.isRemoved(id);
}

async function transfer(ground: Ground, way: 'push' | 'pull'): Promise<void> {
  const { here, promises, rng } = ground;
  const there = await ground.there();
  const some = rng.chance(0.5) ? [(await anyLive(ground))?.artifactId ?? 'none'] : 'all';
  const { artifacts, errors } = way === 'push' ? await here.push(there, some) : await there.pull(here, some);
  for (const { artifactId } of artifacts) promises.there.acknowledged.add(artifactId);
  thrown(errors.map((error) => ({ error })));
}

/** Nobody damages anything: what is found is on its way, or was left by the dead. */
async function check({ here, isCut }: Ground, repair: boolean): Promise<void> {
  const { findings } = await here.fsck({ repair });
  const isFair = (finding: (typeof findings)[number]) =>
    finding.severity === 'leftover' ||
    finding.message.includes(' is in the trash: ') ||
    (isCut() && isTornIndex(finding));
  const alarms = findings.filter((finding) => !isFair(finding));
  if (alarms.length > 0) throw new Alarm(alarms.map(({ message }) => message).join('; '));
}

interface CallType {
  /** Why it may be refused although nothing failed and nobody else is at work. */
  readonly refusals: readonly ErrorCode[];
  run(ground: Ground): Promise<void>;
}

const calls = {
  put: {
    refusals: [],
    async run({ here, promises, rng }) {
      const source = rng.chance(0.2) ? Buffer.from(`content ${rng.below(SOURCES)}`) : sourceOf(rng);
      const high = rng.chance(0.2) ? ({ classification: 'high', ttl: 1 } as const) : {};
      const made = await here.put(source, { ...high, ...(rng.chance(0.5) && { ttl: 0 }) });
      promises.here.acknowledged.add(made.artifactId);
    },
  },
  'put-each': {
    refusals: [],
    async run({ here, promises, rng }) {
      const sources = [`/src/tree${rng.below(SOURCES)}`, `/src/file${rng.below(SOURCES)}`];
      const made = await here.putAll(sources, { each: true, ...(rng.chance(0.5) && { ttl: 0 }) });
      for (const { artifactId } of made) promises.here.acknowledged.add(artifactId);
    },
  },
  bundle: {
    refusals: ['NOT_FOUND'],
    async run(ground) {
      const but = ['bundle', 'report'];
      const members = [await anyLive(ground, but), await anyLive(ground, but)];
      const ids = members.flatMap((r) => (r === undefined ? [] : [r.artifactId]));
      if (ids.length === 0) return;
      const { artifactId } = await ground.here.bundle(ids, { ttl: 1 });
      ground.promises.here.acknowledged.add(artifactId);
    },
  },
  note: {
    refusals: [],
    async run({ here, promises, luck }) {
      const text = `note ${luck}.`;
      promises.here.noted.set(await here.note(text), text);
    },
  },
  pin: {
    refusals: ['NOT_FOUND'],
    async run(ground) {
      const found = await anyLive(ground);
      if (found === undefined) return;
      const name = `pin-${ground.luck}`;
      await ground.here.pin([found.artifactId], { name });
      ground.promises.here.pinned.set(name, found.artifactId);
    },
  },
  unpin: {
    refusals: ['NOT_FOUND'],
    async run({ here, promises: { here: promised }, rng }) {
      if (promised.pinned.size === 0) return;
      const [name, id] = rng.pick([...promised.pinned]);
      promised.pinned.delete(name);
      await here.unpin([id], { name });
    },
  },
  retain: {
    refusals: ['NOT_FOUND'],
    async run(ground) {
      const found = await anyLive(ground);
      if (found === undefined) return;
      const [changed] = await ground.here.retain([found.artifactId], { ttl: ground.rng.pick([0, 30]) });
      ground.promises.here.revisedTo(found.artifactId, changed!.revision);
    },
  },
  export: {
    refusals: ['NOT_FOUND', 'GUARD_BLOCKED'],
    async run(ground) {
      const { here, destinations, rng } = ground;
      const found = await anyLive(ground, ['bundle', 'report']);
      if (found === undefined) return;
      const path = `${OUT}/${found.payloadType}${rng.below(2)}`;
      const done = destinations.begin(path, found.contentHash);
      try {
        await here.export(found.artifactId, path, { force: true });
      } catch (e) {
        if (isHsError(e, 'DEST_EXISTS') && (await hasForgotten(ground, path))) return;
        throw e;
      }
      done();
    },
  },
  read: {
    refusals: ['NOT_FOUND'],
    async run(ground) {
      const found = await anyLive(ground);
      if (found?.payloadType !== 'file') return;
      const bytes = await ground.here.read(found.artifactId);
      if (sha256(bytes) !== found.contentHash) throw new Broken(`read wrong bytes of ${found.artifactId}`);
    },
  },
  remove: {
    refusals: ['NOT_FOUND', 'PINNED'],
    async run(ground) {
      const found = await anyLive(ground);
      if (found !== undefined) await remove(ground, found.artifactId, false);
    },
  },
  purge: {
    refusals: ['NOT_FOUND', 'PINNED'],
    async run(ground) {
      const found = await anyLive(ground);
      if (found !== undefined) await remove(ground, found.artifactId, true);
    },
  },
  restore: {
    refusals: ['NOT_FOUND', 'OBJECT_MISSING'],
    async run(ground) {
      const { here, promises, rng } = ground;
      const trash = await here.trash();
      if (trash.length === 0) return;
      const found = rng.pick(trash);
      promises.here.beginRestoring(found.artifactId);
      const { failed } = await here.restore([found.artifactId], { pin: rng.chance(0.3) });
      thrown(failed);
    },
  },
  gc: {
    refusals: [],
    async run({ here }) {
      await here.gc();
    },
  },
  'gc-empty': {
    refusals: [],
    async run({ here }) {
      await here.gc({ emptyTrash: true });
    },
  },
  'gc-there': {
    refusals: [],
    async run({ there }) {
      await (await there()).gc({ emptyTrash: true });
    },
  },
  'trash-empty': {
    refusals: [],
    async run({ here }) {
      await here.emptyTrash();
    },
  },
  fsck: { refusals: [], run: (ground) => check(ground, false) },
  'fsck-repair': { refusals: [], run: (ground) => check(ground, true) },
  // CONFLICT: what was removed there is not brought back.
  push: { refusals: ['NOT_FOUND', 'GUARD_BLOCKED', 'CONFLICT'], run: (ground) => transfer(ground, 'push') },
  pull: { refusals: ['NOT_FOUND', 'GUARD_BLOCKED', 'CONFLICT'], run: (ground) => transfer(ground, 'pull') },
  import: {
    refusals: ['CONFLICT'],
    async run({ there, promises }) {
      const { artifacts } = await (await there()).importBundle(BUNDLE);
      for (const { artifactId } of artifacts) promises.there.acknowledged.add(artifactId);
    },
  },
} satisfies Record<string, CallType>;

export type CallKind = keyof typeof calls;
export const CALLS = Object.keys(calls) as CallKind[];

/** Runs a call, and notes what it was promised. */
export const perform = (kind: CallKind, ground: Ground): Promise<void> => calls[kind].run(ground);

/** What a call may be told although nothing fails and nobody else is at work. */
export function isRefusal(kind: CallKind, e: unknown): boolean {
  return isHsError(e, 'USAGE', 'BUG')
    ? false
    : isHsError(e) && (calls[kind].refusals as readonly ErrorCode[]).includes(e.code);
}
