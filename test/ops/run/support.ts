import type { LedgerEntry } from '../../../src/core/ledger/entry.js';
import type { EntryPayload } from '../../../src/core/ledger/entry-types.js';
import type { Manifest } from '../../../src/core/manifest/manifest.js';
import { decodeManifest } from '../../../src/core/manifest/manifest.js';
import type { RunRequest, RunResult } from '../../../src/ops/run/run-request.js';
import { runTool } from '../../../src/ops/run/run-tool.js';
import type { Session } from '../../../src/ops/session/session.js';

export type Ran = RunResult & { readonly stdout: string; readonly stderr: string };

/** Runs a shell script as `hs run` would. */
export async function run(
  session: Session,
  script: string | readonly string[],
  more: Partial<RunRequest> = {},
): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const result = await runTool(session, {
    command: typeof script === 'string' ? ['/bin/sh', '-c', script] : script,
    cwd: session.store.local.workspace,
    env: { PATH: process.env.PATH },
    stdin: 'ignore',
    each: false,
    sources: [],
    capture: [],
    keepFailed: false,
    recordArgs: false,
    strict: false,
    network: false,
    onOutput: async (stream, chunk) => {
      printed[stream] += Buffer.from(chunk).toString();
      return true;
    },
    ...more,
  });
  return { ...result, ...printed };
}

export async function lastEntry(session: Session): Promise<LedgerEntry> {
  const { head } = await session.catalog();
  return (await session.store.ledger.read(head.seq)).entry;
}

export async function lastRun(session: Session): Promise<EntryPayload<'tool_run'>> {
  const entry = await lastEntry(session);
  if (entry.type !== 'tool_run') throw new Error(`the last entry is of type ${entry.type}`);
  return (await session.store.payloadOf(entry)) as EntryPayload<'tool_run'>;
}

export async function manifestOf(session: Session, id: string): Promise<Manifest> {
  const record = (await (await session.catalog()).live().all()).find((r) => r.artifact_id === id);
  if (record === undefined) throw new Error(`there is no ${id}`);
  return decodeManifest(await session.store.objects.read(record.manifest));
}
