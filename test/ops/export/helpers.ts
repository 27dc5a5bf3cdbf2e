import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import type { LedgerEntry } from '../../../src/core/ledger/entry.js';
import type { EntryType, ExportRecord } from '../../../src/core/ledger/entry-types.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { DEFAULT_POLICY, encodePolicy, type Policy } from '../../../src/core/policy/policy.js';
import { setPolicy } from '../../../src/ops/govern/set-policy.js';
import { type PutOptions, put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

export interface World {
  readonly dir: string;
  readonly session: Session;
  /** Another session on the same store, such as another actor's. */
  as(actor: string, options?: TestStoreOptions): Promise<Session>;
  /** Stores files as one artifact: one path without a slash is a file artifact. */
  put(files: Readonly<Record<string, string>>, options?: PutOptions): Promise<ArtifactId>;
  entries(type: EntryType): Promise<LedgerEntry[]>;
  records(): Promise<ExportRecord[]>;
}

let counter = 0;

/** A store in a directory of its own, with the work around it elsewhere. */
export async function world(inDirectory?: string): Promise<World> {
  const dir = inDirectory ?? (await tmp());
  const work = join(dir, 'work');
  await mkdir(work);
  const session = await testStore(work);
  const entries = async (type: EntryType) => {
    const found: LedgerEntry[] = [];
    for await (const { entry } of session.store.ledger.walk()) if (entry.type === type) found.push(entry);
    return found;
  };
  return {
    dir,
    session,
    as: (actor, options = {}) => openTestSession(work, { actor, ...options }),
    put: async (files, options = {}) => {
      const source = join(dir, `src-${counter++}`);
      const names = Object.keys(files);
      const single = names.length === 1 && !names[0]!.includes('/');
      for (const [path, text] of Object.entries(files)) {
        const at = join(source, path);
        await ensureDir(dirname(at));
        await writeFile(at, text);
      }
      const [result] = await put(session, [{ path: single ? join(source, names[0]!) : source }], options);
      return result!.artifactId;
    },
    entries,
    records: async () =>
      Promise.all(
        (await entries('export_record')).map(async (e) => (await session.store.payloadOf(e)) as ExportRecord),
      ),
  };
}

export async function withPolicy(session: Session, change: (p: Policy) => Policy): Promise<void> {
  const policy = change(DEFAULT_POLICY);
  await setPolicy(session, { id: sha256(encodePolicy(policy)), policy });
}
