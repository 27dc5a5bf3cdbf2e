import { writeFile } from 'node:fs/promises';
import { ensureDir } from 'fs-extra/esm';
import type { ExportRecord } from '../../../src/core/ledger/entry-types.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { type PutOptions, put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import type { BatchLimits } from '../../../src/ops/transfer/choose-artifacts.js';
import { planTransfer, transfer } from '../../../src/ops/transfer/transfer.js';
import type { TransferRequest, TransferResult } from '../../../src/ops/transfer/transfer-request.js';

/** All results of a transfer. */
export async function moved(
  from: Session,
  to: Session,
  request: TransferRequest = {},
  limits?: BatchLimits,
): Promise<TransferResult[]> {
  const results: TransferResult[] = [];
  for await (const result of transfer(from, to, request, limits)) results.push(result);
  return results;
}

export async function planned(from: Session, to: Session, request: TransferRequest = {}) {
  const results: TransferResult[] = [];
  for await (const result of planTransfer(from, to, request)) results.push(result);
  return results;
}

export const errorsOf = (results: readonly TransferResult[]) =>
  results.flatMap((r) => ('error' in r ? [r.error] : []));

/** Stores a text as an artifact of that name. */
export async function putText(session: Session, dir: string, name: string, options: PutOptions = {}) {
  const path = `${dir}/${name}.txt`;
  await writeFile(path, options.kind === undefined ? `text of ${name}` : name);
  return (await put(session, [{ path }], { name, ...options }))[0]!.artifactId;
}

export async function putTree(session: Session, dir: string, name: string, options: PutOptions = {}) {
  await ensureDir(`${dir}/${name}/sub`);
  await writeFile(`${dir}/${name}/a`, 'a');
  await writeFile(`${dir}/${name}/sub/b`, `b of ${name}`);
  return (await put(session, [{ path: `${dir}/${name}` }], { name, ...options }))[0]!.artifactId;
}

export async function recordOf(session: Session, id: ArtifactId) {
  return (await session.catalog()).get(id);
}

/** The types of the entries from that one on. */
export async function entriesFrom(session: Session, seq: number): Promise<string[]> {
  const types: string[] = [];
  for await (const { entry } of session.store.ledger.walk()) if (entry.seq >= seq) types.push(entry.type);
  return types;
}

export async function exportRecords(session: Session): Promise<ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const { entry } of session.store.ledger.walk())
    if (entry.type === 'export_record') records.push((await session.store.payloadOf(entry)) as ExportRecord);
  return records;
}

/** Reads every live artifact of a store back, as its names say; the ids. */
export async function readAll(session: Session): Promise<ArtifactId[]> {
  const ids: ArtifactId[] = [];
  const { objects } = session.store;
  for await (const record of (await session.store.foldFromLedger()).live()) {
    ids.push(record.artifact_id);
    await objects.read(record.manifest);
    const bytes = await objects.read(record.content_hash);
    if (record.payload_type === 'file') continue;
    for (const e of JSON.parse(Buffer.from(bytes).toString())) await objects.read(e.content_hash);
  }
  return ids.sort();
}
