import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { type Damage, type DamageOptions, damages } from './damage.js';
import { type Answer, askAll } from './questions.js';
import type { SmallStore } from './small-stores.js';
import { putBack, takeSnapshot } from './snapshot.js';

const FSCK = { secondOpinion: false, repair: false } as const;

/** What fsck says of a store: its findings, or the error that keeps it from looking. */
async function looked(
  store: SmallStore,
  sample: number,
): Promise<{ readonly said: readonly string[]; readonly crash?: string }> {
  try {
    const session = await store.open({ unchecked: true });
    try {
      return { said: (await fsck(session, { ...FSCK, sample })).findings.map((f) => f.message) };
    } finally {
      await session.close();
    }
  } catch (e) {
    if (isHsError(e)) return { said: [e.message] };
    if (isErrno(e)) return { said: [e.message] };
    return { said: [], crash: e instanceof Error ? (e.stack ?? e.message) : String(e) };
  }
}

export interface CorruptOptions extends DamageOptions {
  readonly only?: (damage: Damage) => boolean;
  /** The share of the objects that fsck reads. */
  readonly sample?: number;
  /** Called once a damaged store was asked everything. */
  readonly asked?: () => Promise<void>;
}

export interface Corrupted {
  /** How many cases were tried. */
  readonly cases: number;
  /** How many of them fsck found. */
  readonly found: number;
  /** Answers that were given, and were the right ones. */
  readonly right: number;
  /** Answers that were refused with an error of a type. */
  readonly refused: number;
  /** What is wrong with hs, by case. */
  readonly faults: readonly string[];
}

/** The answers, and whether a warning came with them: that the ledger was rolled back, for one. */
async function reads(store: SmallStore) {
  let warned = false;
  const warn = () => {
    warned = true;
  };
  const open = () => store.open({ readOnly: true, writes: false, warn });
  return { answers: await askAll(open, store.names), warned };
}

/** Damages a store in every way, asks it everything, and reports what was answered wrongly or not found. */
export async function corrupt(store: SmallStore, options: CorruptOptions): Promise<Corrupted> {
  const { only = () => true, sample = 1, asked = async () => undefined } = options;
  const { answers: right } = await reads(store);
  for (const [question, answer] of right) {
    if (!('says' in answer)) throw new Error(`an intact store fails: ${question}: ${JSON.stringify(answer)}`);
  }
  const before = new Set((await looked(store, sample)).said);
  const { changing } = store;
  const pristine = changing === undefined ? undefined : await takeSnapshot(changing);
  const undo = (damage: Damage) => (pristine === undefined ? damage.undo() : putBack(changing!, pristine));
  const faults: string[] = [];
  let tally: Corrupted = { cases: 0, found: 0, right: 0, refused: 0, faults };
  const files = (path: string) => (store.files?.(path) ?? true) && (options.files?.(path) ?? true);
  for await (const damage of damages(store.root, { ...options, files })) {
    if (!only(damage)) continue;
    await damage.make();
    try {
      const now = await looked(store, sample);
      if (pristine !== undefined) {
        await undo(damage);
        await damage.make();
      }
      const isFound = now.said.some((message) => !before.has(message));
      if (now.crash !== undefined) faults.push(`${damage.what}: fsck crashes: ${now.crash}`);
      else if (damage.matters && !isFound) faults.push(`${damage.what}: fsck finds nothing`);
      const { answers, warned } = await reads(store);
      let [given, refused] = [0, 0];
      for (const [question, answer] of answers) {
        const fault = faultOf(right.get(question)!, answer, isFound, warned, store.isDerived);
        if (fault !== undefined) faults.push(`${damage.what}: ${question}: ${fault}`);
        else if ('says' in answer) given += 1;
        else refused += 1;
      }
      tally = {
        cases: tally.cases + 1,
        found: tally.found + (isFound ? 1 : 0),
        right: tally.right + given,
        refused: tally.refused + refused,
        faults,
      };
      await asked();
    } finally {
      await undo(damage);
    }
  }
  return tally;
}

function faultOf(
  right: Answer,
  answer: Answer,
  isFound: boolean,
  warned: boolean,
  isDerived = false,
): string | undefined {
  if ('crashes' in answer) return `crashes: ${answer.crashes}`;
  if ('fails' in answer) {
    if (isDerived) return `fails with ${answer.fails}`;
    return isFound ? undefined : `fails with ${answer.fails}, but fsck finds nothing`;
  }
  if (warned && isFound && !isDerived) return undefined;
  return 'says' in right && right.says === answer.says ? undefined : `says ${answer.says.slice(0, 300)}`;
}
