import { HsError, isErrno, isHsError } from '../../src/errors/hs-error.js';
import { ArtifactStore } from '../../src/library/artifact-store.js';
import type { Session } from '../../src/ops/session/session.js';

/** What a question came to: the answer as text, or the code of a typed error. */
export type Answer = { readonly says: string } | { readonly fails: string } | { readonly crashes: string };

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

type Ask = (store: ArtifactStore) => Promise<unknown>;

/** The answer, unless it says itself that something is damaged: the command then ends with status 5. */
function sound<T extends object>(answer: T, field: keyof T): T {
  if (answer[field] !== undefined) throw new HsError('INTEGRITY', String(answer[field]));
  return answer;
}

/** What the reading commands read, of these artifacts. */
function questionsFor(names: readonly string[]): Map<string, Ask> {
  const asked = new Map<string, Ask>([
    ['ledger head', (s) => s.ledgerHead()],
    ['ledger cat', (s) => all(s.ledgerEntries())],
    ['log', (s) => all(s.history())],
    ['ls', (s) => s.list()],
    ['pins', (s) => s.pins()],
    ['policy show', (s) => s.policy()],
    ['du --totals', (s) => s.usageTotals()],
    ['du', async (s) => sound(await s.usage(), 'unreadable').rows],
    ['plan-prune', async (s) => (await s.plan()).header.head_seq],
    ['report', async (s) => (await s.reports()).map((r) => [r.seq, r.removedStill])],
    ['scan', (s) => all(s.scan(names))],
  ]);
  for (const name of names) {
    asked.set(`show ${name}`, async (s) => sound(await s.show(name), 'damage'));
    asked.set(`cat-artifact --manifest ${name}`, (s) => s.manifest(name));
    asked.set(`lineage ${name}`, (s) => all(s.lineage(name)));
    asked.set(`cat-artifact ${name}`, async (s) => {
      if ((await s.resolve(name)).payloadType === 'file') return (await s.read(name)).toString('hex');
      const files = await s.files(name);
      const read = files.map(async ({ path }) => [path, (await s.read(name, { path })).toString('hex')]);
      return Promise.all(read);
    });
  }
  return asked;
}

/** Asks everything. Only what is not an `HsError` or an errno is a crash, which a command ends with status 70. */
export async function askAll(
  open: () => Promise<Session>,
  names: readonly string[],
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const outcome = (e: unknown): Answer =>
    isHsError(e)
      ? { fails: e.code }
      : isErrno(e)
        ? { fails: `errno ${e.code}` }
        : { crashes: e instanceof Error ? (e.stack ?? e.message) : String(e) };
  let store: ArtifactStore;
  try {
    store = new ArtifactStore(await open());
  } catch (e) {
    return new Map([...questionsFor(names).keys()].map((name) => [name, outcome(e)]));
  }
  try {
    for (const [name, ask] of questionsFor(names)) {
      try {
        answers.set(name, { says: JSON.stringify(await ask(store)) });
      } catch (e) {
        answers.set(name, outcome(e));
      }
    }
  } finally {
    await store.close();
  }
  return answers;
}
