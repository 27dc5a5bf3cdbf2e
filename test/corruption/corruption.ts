import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { type Damage, damages } from './damage.js';
import { type Answer, askAll } from './questions.js';
import type { SmallStore } from './small-stores.js';

const FSCK = { secondOpinion: false, repair: false } as const;

/** What fsck says of a store: its findings, or the error that keeps it from looking. */
async function looked(
  store: SmallStore,
  sample: number,
): Promise<{ readonly said: readonly string[]; readonly crash?: string }> {
  try {
    const session = await store.open({ unchecked: true, useIndex: false });
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

export interface CorruptOptions {
  /** Bytes of each file that are flipped. */
  readonly most: number;
  readonly only?: (damage: Damage) => boolean;
  /** The share of the objects that fsck reads. */
  readonly sample?: number;
}

export interface Corrupted {
  /** How many cases were tried. */
  readonly cases: number;
  /** How many of them fsck found. */
  readonly found: number;
  /** What is wrong with hs, by case. */
  readonly faults: readonly string[];
}

/** The answers, and whether a warning came with them: that the ledger was rolled back, for one. */
async function reads(store: SmallStore) {
  let warned = false;
  const warn = () => {
    warned = true;
  };
  const open = () => store.open({ readOnly: true, writes: false, useIndex: false, warn });
  return { answers: await askAll(open, store.names), warned };
}

/** Damages a store in every way, asks it everything, and reports what was answered wrongly or not found. */
export async function corrupt(
  store: SmallStore,
  { most, only = () => true, sample = 1 }: CorruptOptions,
): Promise<Corrupted> {
  const { answers: right } = await reads(store);
  for (const [question, answer] of right) {
    if (!('says' in answer)) throw new Error(`an intact store fails: ${question}: ${JSON.stringify(answer)}`);
  }
  const before = new Set((await looked(store, sample)).said);
  const faults: string[] = [];
  let [cases, found] = [0, 0];
  for await (const damage of damages(store.root, most)) {
    if (!only(damage)) continue;
    cases += 1;
    await damage.make();
    try {
      const now = await looked(store, sample);
      const isFound = now.said.some((message) => !before.has(message));
      if (isFound) found += 1;
      if (now.crash !== undefined) faults.push(`${damage.what}: fsck crashes: ${now.crash}`);
      else if (damage.matters && !isFound) faults.push(`${damage.what}: fsck finds nothing`);
      const { answers, warned } = await reads(store);
      for (const [question, answer] of answers) {
        const fault = faultOf(right.get(question)!, answer, isFound, warned);
        if (fault !== undefined) faults.push(`${damage.what}: ${question}: ${fault}`);
      }
    } finally {
      await damage.undo();
    }
  }
  return { cases, found, faults };
}

function faultOf(right: Answer, answer: Answer, isFound: boolean, warned: boolean): string | undefined {
  if ('crashes' in answer) return `crashes: ${answer.crashes}`;
  if ('fails' in answer) return isFound ? undefined : `fails with ${answer.fails}, but fsck finds nothing`;
  if (warned && isFound) return undefined;
  return 'says' in right && right.says === answer.says ? undefined : `says ${answer.says.slice(0, 300)}`;
}
