import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ensureDir } from 'fs-extra/esm';
import { extract, pack } from 'tar-stream';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { describedTarget } from '../../src/core/guard/target-kinds.js';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  toHandle,
  toManifest,
} from '../../src/core/manifest/manifest.js';
import type { ObjectId, Timestamp } from '../../src/core/objects/ids.js';
import { DEFAULT_POLICY, encodePolicy } from '../../src/core/policy/policy.js';
import { toPlanItem } from '../../src/core/retention/plan-items.js';
import { PLAN_SCHEMA, type PlanHeader } from '../../src/core/retention/prune-plan.js';
import { encodeReport, type SparedItem } from '../../src/core/retention/report.js';
import { put } from '../../src/ops/put/put.js';
import { factsOf } from '../../src/ops/put/register-artifact.js';
import type { Session } from '../../src/ops/session/session.js';
import type { Transaction } from '../../src/ops/session/transaction.js';
import { Trash } from '../../src/store/local/trash/trash.js';
import { behind, type TestStoreOptions, testStore } from './store.js';

type Kept = Pick<TestStoreOptions, 'packLimits'> & {
  /** Whether records have what the features `records-2` and `policy-2` added. */
  readonly newer?: boolean;
  /** Whether records have what the feature `transfers` added. */
  readonly transfers?: boolean;
  /** Whether the report is one as the feature `reports-2` has it. */
  readonly reports?: boolean;
  /** Whether packs are as the feature `packs-2` has them. */
  readonly compressed?: boolean;
  /** Whether operations have what the feature `facts-2` added, of a job too. */
  readonly job?: string;
};

const START = Date.parse('2026-01-31T12:00:00.000Z');

/** A clock that goes a second further with each look, and ids that count. */
export function predictable() {
  let seconds = 0;
  let ids = 0;
  return {
    clock: { now: () => START + 1000 * seconds++ },
    random: {
      uuid: () => `${(++ids).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
      hex: (bytes: number) => (++ids).toString(16).padStart(bytes * 2, '0'),
    },
  };
}

async function revise(session: Session, tx: Transaction, record: ArtifactRecord, change: Partial<Manifest>) {
  const { objects } = session.store;
  const { retention_ttl_days, ...before } = decodeManifest(await objects.read(record.manifest));
  const manifest = toManifest({
    ...before,
    ...(retention_ttl_days === undefined || 'layer' in change ? {} : { retention_ttl_days }),
    ...change,
    revision: before.revision + 1,
    supersedes: record.manifest,
  });
  const stored = await tx.batch.addBytes(encodeManifest(manifest));
  return { op: 'revise' as const, ...factsOf(manifest, stored) };
}

async function sources(dir: string): Promise<void> {
  await ensureDir(`${dir}/release/bin`);
  await mkdir(`${dir}/pages`);
  await writeFile(`${dir}/a.txt`, 'hello');
  await writeFile(`${dir}/empty`, '');
  await writeFile(`${dir}/release/a.txt`, 'hello');
  await writeFile(`${dir}/release/bin/run`, '#!/bin/sh\necho done\n', { mode: 0o755 });
  // Decomposed: a path is kept in the form it came in.
  await writeFile(`${dir}/release/re\u0301sume\u0301.txt`, 'one line\n');
  await writeFile(
    `${dir}/release/\u{1f600}.txt`,
    'above U+FFFF: after \uff5e in UTF-8, before it in UTF-16\n',
  );
  await writeFile(`${dir}/release/\uff5e.txt`, 'a full-width tilde\n');
  for (let i = 0; i < 120; i++)
    await writeFile(`${dir}/pages/${String(i).padStart(3, '0')}.txt`, `page ${i}\n`);
}

/**
 * A store with every type of entry, every operation, what does not fit an entry, and something in the
 * trash; `workspace` is a new directory.
 */
export async function buildFixtureStore(workspace: string, kept: Kept = {}): Promise<Session> {
  const dir = join(workspace, 'sources');
  await sources(dir);
  const session = await testStore(workspace, {
    ...predictable(),
    allowSetClock: true,
    useIndex: false,
    ...kept,
    ...(kept.job === undefined ? {} : { jobId: kept.job }),
  });
  const note = (draft: Parameters<Transaction['commit']>[0]) =>
    session.write('ledger.note', [], (tx) => tx.commit(draft));
  const id = async (name: string) => (await (await session.catalog()).named(name).all())[0]!;

  await put(session, [{ path: `${dir}/a.txt` }], {
    name: 'greeting',
    ttl: 10,
    labels: { stage: 'test' },
    entities: [{ entity_kind: 'ticket', entity_id: 'HS-1' }],
  });
  await put(session, [{ path: `${dir}/release` }], {
    name: 'releases/1.0',
    pin: 'release',
    sources: ['greeting'],
  });
  await put(session, [{ path: `${dir}/pages` }], { each: true, kind: 'transcript' });
  await put(session, [{ path: `${dir}/empty` }], {
    name: 'caf\u00e9',
    retentionClass: 'cache',
    layer: 'L4',
    pin: 'short',
  });

  await session.write('artifact.revise', [], (tx) =>
    tx.commit(async () => ({
      type: 'artifact_revised',
      payload: { artifacts: 1, size_bytes: 5, fields: ['retention_ttl_days'], reason: 'longer' },
      ops: [await revise(session, tx, await id('greeting'), { retention_ttl_days: 20 })],
    })),
  );
  await session.write('artifact.reclassify', [], (tx) =>
    tx.commit(async () => {
      const record = await id('greeting');
      return {
        type: 'artifact_reclassified',
        payload: {
          artifact_id: record.artifact_id,
          from: { classification: 'low', exportable: true },
          to: { classification: 'high', exportable: false },
          reason: 'it names a customer',
        },
        ops: [await revise(session, tx, record, { classification: 'high', exportable: false })],
      };
    }),
  );
  for (const [from, to] of [
    ['L3', 'L2'],
    ['L2', 'L1'],
  ] as const) {
    await session.write('artifact.promote', [], (tx) =>
      tx.commit(async () => {
        const record = await id('releases/1.0');
        return {
          type: 'artifact_promoted',
          payload: {
            artifact_id: record.artifact_id,
            from,
            to,
            ...(to === 'L1'
              ? { attestation: { by: 'human:tester', reason: 'released', content_hash: record.content_hash } }
              : {}),
          },
          ops: [await revise(session, tx, record, { layer: to })],
        };
      }),
    );
  }
  await note(async () => ({
    type: 'pin_changed',
    payload: { pinned: 1, unpinned: 1 },
    ops: [
      {
        op: 'pin',
        artifact_id: (await id('greeting')).artifact_id,
        name: 'review',
        reason: 'until it is read',
        until: '2026-03-01T00:00:00.000Z' as Timestamp,
      },
      { op: 'unpin', artifact_id: (await id('caf\u00e9')).artifact_id, name: 'short' },
    ],
  }));
  await session.write('policy.set', [], async (tx) => {
    const policy = await tx.batch.addBytes(
      encodePolicy({
        ...DEFAULT_POLICY,
        retention: { ...DEFAULT_POLICY.retention, quota_bytes: 1_000_000 },
        ...(kept.newer
          ? {
              export: { ...DEFAULT_POLICY.export, full_debug_bundles: true },
              secrets: { on_detect: 'refuse' as const },
            }
          : {}),
      }),
    );
    await tx.commit((catalog) => ({
      type: 'policy_changed',
      payload: { from: catalog.policyId, to: policy.id },
      ops: [{ op: 'set_policy', policy: policy.id }],
    }));
  });
  await exported(session, await id('releases/1.0'), kept);
  await collected(session, await id('greeting'), await id('caf\u00e9'), kept);
  await records(session, kept);
  await trashed(session, kept.packLimits);
  return session;
}

async function exported(
  session: Session,
  record: ArtifactRecord,
  { newer, transfers }: Kept,
  format: 'dir' | 'oci' | 'store' = 'dir',
): Promise<void> {
  if (transfers && format === 'dir') {
    await exported(session, record, { newer: true, transfers }, 'oci');
    await exported(session, record, { newer: true, transfers }, 'store');
  }
  const common = {
    export_id: session.random.uuid(),
    export_format: format,
    export_target: '/out/re\u0301lease',
    ...(newer ? describedTarget({ kind: 'platform', platform: 'registry' }) : {}),
  };
  const { policyId } = await session.catalog();
  await session.write('artifact.export', [], (tx) =>
    tx.commit(() => ({
      type: 'export_decided',
      payload: {
        ...common,
        artifact_ids: [record.artifact_id],
        policy_id: policyId,
        consents: [],
        reasons: [],
      },
    })),
  );
  await session.write('artifact.export', [], async (tx) => {
    const paths = await tx.batch.addBytes(canonicalBytes({ paths: ['a.txt', 're\u0301sume\u0301.txt'] }));
    await tx.commit(async () => ({
      type: 'export_record',
      payload: {
        ...common,
        created_at: session.now(),
        actor: 'human:tester',
        source_entity_refs: [],
        source_hashes: [record.content_hash],
        exporter: { engine_id: 'hs', engine_version: '0.1.0', config_hash: record.content_hash },
        determinism_level: 'bitwise',
        hash_basis: 'bundle_index',
        policy_id: policyId,
        redactions_applied: false,
        ...(newer ? { display_projection_ref: 'projection:1' } : {}),
        output_artifact_handles: [
          toHandle(decodeManifest(await session.store.objects.read(record.manifest))),
        ],
        materialized_paths_object: paths.id,
        outcome: 'done',
        warnings: [],
        errors: [],
      },
    }));
  });
}

async function collected(
  session: Session,
  stays: ArtifactRecord,
  goes: ArtifactRecord,
  { newer, reports }: Kept,
): Promise<void> {
  const { policyId, head } = await session.catalog();
  const source = `${session.store.local.workspace}/sources/${reports ? 'report' : 'a.txt'}`;
  if (reports) await writeFile(source, reportOf(session, { head, policyId, stays, goes }));
  const report = await put(session, [{ path: source }], {
    name: 'retention-report',
    kind: 'report',
  });
  await session.write('retention.collect', [], (tx) =>
    tx.commit(() => ({
      type: 'meta.gc_summary',
      payload: {
        command: 'rm',
        report: report[0]!.artifactId,
        plan_hash: stays.content_hash,
        policy_hash: policyId,
        clock: session.now(),
        scanned: 2,
        pruned: 1,
        spared: 1,
        failed: 0,
        pruned_bytes: 0,
        freed_bytes: 0,
        ...(newer
          ? {
              items_scanned: 2,
              items_pruned: 1,
              items_spared_pinned: 1,
              items_spared_window: 0,
              total_bytes_freed: 0,
            }
          : {}),
      },
      ops: [{ op: 'remove', artifact_id: goes.artifact_id, purge: true }],
    })),
  );
  await session.write('artifact.restore', [], (tx) =>
    tx.commit(() => ({
      type: 'artifacts_restored',
      payload: { artifacts: 1, size_bytes: 0 },
      ops: [
        { op: 'restore', artifact_id: goes.artifact_id },
        { op: 'pin', artifact_id: goes.artifact_id, name: 'restored' },
      ],
    })),
  );
  await session.write('retention.collect', [], (tx) =>
    tx.commit(() => ({
      type: 'objects_purged',
      payload: {
        batches: ['20260131120000000-000000000001-zero'],
        objects: 1,
        size_bytes: 3,
        brought_back: 0,
      },
    })),
  );
}

interface Collected {
  readonly head: { readonly seq: number; readonly hash: ObjectId };
  readonly policyId: ObjectId;
  readonly stays: ArtifactRecord;
  readonly goes: ArtifactRecord;
}

/** A report on two artifacts, of which one went and one was spared since the plan was made. */
function reportOf(session: Session, { head, policyId, stays, goes }: Collected): Buffer {
  const verdict = { verdict: 'prune', rule: 'ephemeral', end: START } as const;
  const item = toPlanItem(goes, verdict, { bytes: 0, atOnce: 0 }, session.now());
  const header: PlanHeader = {
    schema: PLAN_SCHEMA,
    store_id: session.store.id,
    head_seq: head.seq,
    head_hash: head.hash,
    policy_hash: policyId,
    clock: session.now(),
    scanned: 2,
    pruned: 1,
    spared: 1,
    failed: 0,
    pruned_bytes: 0,
    freed_bytes: 0,
    stored_bytes: 100,
    rules: { ephemeral: { artifacts: 1, size_bytes: 0 }, pinned: { artifacts: 1, size_bytes: 5 } },
    kept_hash: stays.content_hash,
  };
  const spared: SparedItem = {
    artifact_id: stays.artifact_id,
    verdict: 'keep',
    rule: 'pinned',
    size_bytes: stays.size_bytes,
    retention_class: stays.retention_class,
    since_plan: true,
  };
  return encodeReport({ header, items: [item] }, [spared], {
    report: goes.artifact_id,
    command: 'gc',
    actor: 'human:tester',
    trace_id: session.traceId,
    plan_hash: stays.content_hash,
    policy: DEFAULT_POLICY,
    gone: 0,
    counted: true,
    isLong: false,
    purges: () => false,
  });
}

async function records(session: Session, { transfers }: Kept): Promise<void> {
  const { head } = await session.catalog();
  const hash = head.hash;
  const drafts: Parameters<Transaction['commit']>[0][] = [
    () => ({
      type: 'bundle_imported',
      payload: {
        artifacts: 0,
        size_bytes: 0,
        content_hash: hash,
        already_present: 1,
        ...(transfers ? { from_store: '00000000-0000-4000-8000-00000000000f' } : {}),
      },
    }),
    () => ({
      type: 'capability_action',
      payload: { action: 'refused', subjects: ['greeting'], reason: 'it lacks the capability' },
      capability: 'artifact.export',
      decision: 'deny',
    }),
    () => ({
      type: 'tool_run',
      payload: {
        run_id: session.random.uuid(),
        program: '/bin/true',
        arguments_hash: hash,
        exit_status: 0,
        started_at: session.now(),
        ended_at: session.now(),
        artifacts: 0,
        sandbox: { backend: 'bubblewrap', level: 'enforced', gaps: [] },
        stray_writes: 1,
        stray_paths: ['re\u0301sume\u0301.txt'],
      },
    }),
    () => ({
      type: 'integrity_finding',
      payload: {
        findings: 500,
        subjects: Array.from({ length: 500 }, (_, i) => `objects/00/${String(i).padStart(64, '0')}`),
        repaired: 0,
        summary: 'more than an entry holds',
      },
    }),
    () => ({
      type: 'rollback_accepted',
      payload: { anchor_seq: head.seq, anchor_hash: hash, head_seq: head.seq, reason: 'a copy' },
    }),
    () => ({ type: 'note', payload: { text: 'na\u00efve' } }),
  ];
  for (const draft of drafts) await session.write('ledger.note', [], (tx) => tx.commit(draft));
}

/** A pack of which nothing is named. */
async function packOfNothing(session: Session): Promise<ObjectId> {
  const packs = behind(session).files.packs!;
  const before = new Set(await packs.refresh());
  await session.write('artifact.create', [], async (tx) => {
    for (const text of ['nothing names this either', 'nor this']) await tx.batch.addBytes(Buffer.from(text));
    await tx.batch.publish();
  });
  return [...(await packs.refresh())].find((name) => !before.has(name))!;
}

/** Objects that nothing names, taken out of use. */
async function trashed(session: Session, packLimits: Kept['packLimits']): Promise<void> {
  const { disk, layout } = behind(session);
  const trash = new Trash(disk, layout, session.random);
  const id = await session.write('artifact.create', [], async (tx) => {
    const added = await tx.batch.addBytes(Buffer.from('nothing names this'));
    await tx.batch.publish();
    return added.id;
  });
  const batch = await trash.create('kept', session.now());
  await trash.take(batch, id, 'nothing names this'.length);
  if (packLimits !== undefined) await trash.takePack(batch, await packOfNothing(session));
  await trash.seal(batch, { sealed_at: session.now(), leases: ['00000000000000000000ffff'] });
}

/** The directory as a tar with directories and modes, the same bytes for the same tree. */
export async function packTree(dir: string, name: string): Promise<Buffer> {
  const tar = pack();
  const add = async (path: string, inside: string): Promise<void> => {
    const { mode } = await stat(path);
    const common = { mode: mode & 0o777, mtime: new Date(START), uid: 0, gid: 0 };
    if (!(await stat(path)).isDirectory()) {
      tar.entry({ name: inside, ...common }, await readFile(path));
      return;
    }
    tar.entry({ name: `${inside}/`, type: 'directory', ...common });
    for (const child of (await readdir(path)).sort()) await add(`${path}/${child}`, `${inside}/${child}`);
  };
  await add(dir, name);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks), { level: 9 });
}

export async function unpackTree(archive: Buffer, into: string): Promise<void> {
  const tar = extract();
  tar.end(gunzipSync(archive));
  for await (const entry of tar) {
    const path = join(into, entry.header.name);
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    if (entry.header.type === 'directory') await mkdir(path, { mode: entry.header.mode ?? 0o700 });
    else await writeFile(path, Buffer.concat(chunks), { mode: entry.header.mode ?? 0o444 });
  }
}
