import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { HsError } from '../../src/errors/hs-error.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import { hashFile } from '../../src/ops/payload/hash-file.js';
import { hashTree } from '../../src/ops/payload/hash-tree.js';
import { openTestSession } from '../helpers/store.js';
import { isTornIndex, type Promised, violations } from '../sim/invariants.js';

/** What was said before the power went. */
export interface Known {
  readonly acknowledged: readonly ArtifactId[];
  readonly pinned: readonly (readonly [name: string, id: ArtifactId])[];
  /** By destination, the content hashes of which it must have one; `''`: or nothing. */
  readonly outside: readonly (readonly [path: string, contents: readonly string[]])[];
}

/** What does not hold of the store in `dir`, once the next command has run. */
export async function storeHolds(dir: string, promised: Promised): Promise<string[]> {
  try {
    const session = await openTestSession(dir);
    await appendNote(session, 'the next command');
    const broken = await violations(session, promised);
    await session.close();
    return broken;
  } catch (e) {
    if (e instanceof HsError) return [`${e.code}: ${e.message}`];
    return [(e as Error).stack ?? String(e)];
  }
}

export interface Verdict {
  readonly broken: readonly string[];
  /**
   * Objects that were whole in a wrong place, and that `fsck --repair` moved: in the trash until the next collection after
   * one that was cut short, or under both names of a rename.
   */
  readonly misplaced: number;
}

/** The same of the store in `dir/w`, and of the destinations in `dir/out`. */
export async function verdict(dir: string, known: Known): Promise<Verdict> {
  const store = join(dir, 'w');
  const misplaced = await repairMisplaced(store);
  const broken = await storeHolds(store, { ...known, pinned: new Map(known.pinned), isCut: true });
  return { broken: [...broken, ...(await outside(join(dir, 'out'), known))], misplaced };
}

/** Nothing is repaired where anything else is wrong. */
async function repairMisplaced(dir: string): Promise<number> {
  const options = { secondOpinion: false, sample: 1 };
  try {
    const session = await openTestSession(dir);
    await appendNote(session, 'the next command');
    const findings = (await fsck(session, { ...options, repair: false })).findings.filter(
      (finding) => !isTornIndex(finding),
    );
    const areMisplaced = findings.every(({ severity }) => severity === 'misplaced');
    if (areMisplaced && findings.length > 0) await fsck(session, { ...options, repair: true });
    await session.close();
    return areMisplaced ? findings.length : 0;
  } catch (e) {
    if (e instanceof HsError) return 0; // Said by `storeHolds`.
    throw e;
  }
}

async function contentAt(path: string, isDirectory: boolean): Promise<string> {
  const silent = { start: () => undefined, advance: () => undefined, done: () => undefined };
  const disk = nodeDisk();
  const { hash } = await (isDirectory ? hashTree(disk, path, undefined, silent) : hashFile(disk, path));
  return hash;
}

/** Each destination is old or new, and nothing else is there. */
async function outside(out: string, { outside: destinations }: Known): Promise<string[]> {
  const wrong: string[] = [];
  const known = new Map(destinations);
  for (const name of readdirSync(out)) {
    if (name.endsWith('-bundle.tar')) continue;
    if (!known.has(join(out, name))) wrong.push(`${name} is left in the directory of a destination`);
  }
  for (const [path, contents] of destinations) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    const content = stat === undefined ? '' : await contentAt(path, stat.isDirectory());
    if (!contents.includes(content)) wrong.push(`${path} is neither old nor new`);
  }
  return wrong;
}
