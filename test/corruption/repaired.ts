import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { storeSource } from '../../src/ops/fsck/repair-source.js';
import { contentsOf } from '../ops/fsck/sample-store.js';
import { type Damage, damages } from './damage.js';
import { askAll } from './questions.js';
import type { CopiedStore } from './small-stores.js';
import { putBack, takeSnapshot } from './snapshot.js';

const REPAIR = { secondOpinion: false, sample: 1, repair: true } as const;
const FSCK = { ...REPAIR, repair: false };
/** The record of the repair is a new entry. */
const OF_THE_LEDGER = /^(?:ledger|log|plan-prune|policy show)/;

export interface Repaired {
  readonly cases: number;
  /** How many stores are as they were before the damage. */
  readonly whole: number;
  readonly faults: readonly string[];
}

/** Files that are gone or changed, other than those that may be. */
function worse(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const kept = new Set(after.values());
  // Objects may move: into other packs, out of the trash, to the quarantine.
  return [...before]
    .filter(([path, bytes]) => /^\/(?:ledger|format)/.test(path) && !kept.has(bytes))
    .map(([p]) => p);
}

/**
 * Damages a store, repairs it from an intact copy, and checks that it is whole then, or that what is lost is named; and
 * that nothing that was right before is gone.
 */
export async function repairAll(
  store: CopiedStore,
  { most, only }: { most: number; only: (d: Damage) => boolean },
): Promise<Repaired> {
  const pristine = await takeSnapshot(store.dir);
  const ask = () => askAll(() => store.open({ readOnly: true, writes: false }), store.names);
  const right = await ask();
  const faults: string[] = [];
  let [cases, whole] = [0, 0];
  for await (const damage of damages(store.root, { most })) {
    if (!only(damage)) continue;
    cases += 1;
    const fault = (what: string) => faults.push(`${damage.what}: ${what}`);
    await damage.make();
    const before = await contentsOf(store.root);
    try {
      const session = await store.open({ unchecked: true });
      const copy = await store.openCopy();
      const report = await fsck(session, REPAIR, await storeSource(copy));
      await copy.close();
      await session.close();
      for (const path of worse(before, await contentsOf(store.root))) fault(`${path} is gone`);
      const again = await store.open({ unchecked: true });
      const left = (await fsck(again, FSCK)).findings.filter((f) => f.severity !== 'stray');
      await again.close();
      const told = new Set(report.findings.map((f) => f.message));
      for (const { message } of left) {
        // What is in the trash goes with it; a ledger comes back as a whole.
        const isOfThese = /^(?:ledger|trash)\//.test(damage.path) || message.startsWith('trash/');
        const mayStay = isOfThese && told.has(message);
        if (!mayStay) fault(`is left: ${message}`);
      }
      if (left.length > 0) continue;
      whole += 1;
      for (const [question, answer] of await ask()) {
        if (OF_THE_LEDGER.test(question)) continue;
        if (JSON.stringify(answer) !== JSON.stringify(right.get(question)))
          fault(`${question}: ${JSON.stringify(answer)}`);
      }
    } catch (e) {
      if (!isHsError(e) && !isErrno(e)) fault(`crashes: ${(e as Error).stack}`);
      else if (!damage.what.includes('format.json')) fault(`fails: ${e.message}`);
    } finally {
      await putBack(store.dir, pristine);
    }
  }
  return { cases, whole, faults };
}
