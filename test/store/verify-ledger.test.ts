import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import { canonicalBytes, parseCanonical } from '../../src/core/json/canonical.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { DEFAULT_POLICY, encodePolicy } from '../../src/core/policy/policy.js';
import { setPolicy } from '../../src/ops/govern/set-policy.js';
import type { Session } from '../../src/ops/session/session.js';
import { examineLedger, verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { behind, openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

interface Damaged {
  readonly session: Session;
  readonly dir: string;
  path(seq: number): string;
  /** Rewrites an entry's fields, canonically. */
  edit(seq: number, change: Record<string, unknown>): Promise<void>;
  /** `kind seq` of each problem. */
  problems(): Promise<string[]>;
  messages(): Promise<string>;
}

/** A store with entries 0 to `notes`. */
async function withNotes(notes: number): Promise<Damaged> {
  const dir = await tmp();
  const session = await testStore(dir);
  await session.write('ledger.note', [], async (tx) => {
    for (let i = 1; i <= notes; i++) {
      await tx.commit(() => ({ type: 'note', payload: { text: `note ${i}` } }));
    }
  });
  const path = (seq: number) => behind(session).layout.entry(seq);
  const verify = () => verifyLedger(session.store, noProgress, new AbortController().signal);
  return {
    session,
    dir,
    path,
    async edit(seq, change) {
      const before = parseCanonical(await readFile(path(seq)), 1 << 16) as Record<string, unknown>;
      await unlink(path(seq));
      await writeFile(path(seq), canonicalBytes({ ...before, ...change }));
    },
    problems: async () => (await verify()).problems.map((p) => `${p.kind} ${p.seq ?? p.path}`),
    messages: async () => (await verify()).problems.map((p) => p.message).join('\n'),
  };
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('verifying a ledger', () => {
  it('finds nothing wrong with an untouched one, and says that the anchor agrees', async () => {
    const { session } = await withNotes(5);
    const verdict = await verifyLedger(session.store, noProgress, new AbortController().signal);
    expect(verdict).toMatchObject({ entries: 6, anchor: 'matches', problems: [] });
    expect(verdict.head).toEqual(await session.store.ledger.head());
  });

  it('names the entry whose content was edited, and no other', async () => {
    const s = await withNotes(6);
    await s.edit(3, { payload: { text: 'something else' } });
    expect(await s.problems()).toEqual(['edited 3']);
  });

  it('names the entry whose link to the one before was edited', async () => {
    const s = await withNotes(6);
    await s.edit(3, { prev: '0'.repeat(64) });
    expect(await s.problems()).toEqual(['edited 3']);
  });

  it('finds by the anchor that the newest entry was edited', async () => {
    const s = await withNotes(4);
    await s.edit(4, { payload: { text: 'something else' } });
    expect(await s.problems()).toEqual(['edited 4']);
  });

  it('folds what is a chain, whatever the anchor says', async () => {
    const s = await withNotes(4);
    await s.edit(4, { payload: { text: 'something else' } });
    const examined = await examineLedger(s.session.store, noProgress, new AbortController().signal);
    expect(examined).toMatchObject({ isFoldable: true, verdict: { anchor: 'differs' } });
  });

  it('reports that one of two entries was edited if it cannot tell which', async () => {
    const s = await withNotes(4);
    await s.edit(4, { prev: '0'.repeat(64) });
    await rm(s.session.store.anchor.path!);
    expect(await s.problems()).toEqual(['unlinked 4']);
  });

  it('finds an entry that is no record any more', async () => {
    const s = await withNotes(5);
    await chmod(s.path(2), 0o600);
    await writeFile(s.path(2), '{"seq": 2}');
    expect(await s.problems()).toEqual(['invalid 2']);
  });

  it('finds an entry that was truncated, and one that is longer than any can be', async () => {
    const s = await withNotes(5);
    const bytes = await readFile(s.path(2));
    await chmod(s.path(2), 0o600);
    await writeFile(s.path(2), bytes.subarray(0, 100));
    await chmod(s.path(4), 0o600);
    await writeFile(s.path(4), Buffer.alloc(70_000, ' '));
    expect(await s.problems()).toEqual(['invalid 2', 'invalid 4']);
  });

  it('names dropped entries', async () => {
    const s = await withNotes(8);
    for (const seq of [2, 3, 6]) await unlink(s.path(seq));
    expect(await s.problems()).toEqual(['missing 2', 'missing 6']);
    expect(await s.messages()).toContain('entries 2 to 3 are missing');
  });

  it('names both of two entries that changed places', async () => {
    const s = await withNotes(6);
    await rename(s.path(2), s.path(99));
    await rename(s.path(4), s.path(2));
    await rename(s.path(99), s.path(4));
    expect(await s.problems()).toEqual(['misplaced 2', 'misplaced 4']);
  });

  it('finds an entry that was copied over another, and one that was copied to the end', async () => {
    const s = await withNotes(5);
    await rm(s.path(4));
    await copyFile(s.path(2), s.path(4));
    await copyFile(s.path(3), s.path(6));
    expect(await s.problems()).toEqual(['duplicate 4', 'duplicate 6']);
  });

  it('finds an event that was chained a second time', async () => {
    const s = await withNotes(3);
    const three = await readFile(s.path(3));
    const two = parseCanonical(await readFile(s.path(2)), 1 << 16) as Record<string, unknown>;
    await writeFile(s.path(4), canonicalBytes({ ...two, seq: 4, prev: hash(three) }));
    expect(await s.problems()).toEqual(['duplicate 4']);
  });

  it('finds a ledger that was cut off at the end, by the anchor', async () => {
    const s = await withNotes(5);
    await unlink(s.path(5));
    await unlink(s.path(4));
    expect(await s.problems()).toEqual(['rolled_back 5']);
  });

  it('detects a ledger that was rolled back and continued differently', async () => {
    const s = await withNotes(3);
    const anchor = await readFile(s.session.store.anchor.path!);
    await unlink(s.path(3));
    // As somebody does who has not seen what is gone.
    await unlink(s.session.store.anchor.path!);
    await s.session.write('ledger.note', [], async (tx) => {
      for (const text of ['a', 'b']) await tx.commit(() => ({ type: 'note', payload: { text } }));
    });
    await writeFile(s.session.store.anchor.path!, anchor);
    expect(await s.problems()).toEqual(['rolled_back 3']);
  });

  it('finds that format.json is not the one the chain begins with', async () => {
    const s = await withNotes(2);
    const format = behind(s.session).layout.format;
    const text = (await readFile(format, 'utf8')).replace(
      /"allow_set_clock":false/,
      '"allow_set_clock":true',
    );
    await chmod(format, 0o600);
    await writeFile(format, text);
    const reopened = await openTestSession(s.session.store.local.directory, { unchecked: true });
    const verdict = await verifyLedger(reopened.store, noProgress, new AbortController().signal);
    expect(verdict.problems.map((p) => p.path)).toEqual(['format.json']);
  });

  it('finds an operation that cannot follow from the entries before it', async () => {
    const s = await withNotes(2);
    const two = await readFile(s.path(2));
    const entry = parseCanonical(two, 1 << 16) as Record<string, unknown>;
    const ops = [{ op: 'remove', artifact_id: '11111111-2222-4333-8444-555555555555' }];
    const forged = { ...entry, seq: 3, prev: hash(two), event_id: s.session.random.uuid(), ops };
    await writeFile(s.path(3), canonicalBytes(forged));
    expect(await s.problems()).toEqual(['contradiction 3']);
  });

  it('detects missing or damaged operations and payloads in objects', async () => {
    const s = await withNotes(1);
    const subjects = Array.from({ length: 20 }, (_, i) => String(i).repeat(100).slice(0, 128));
    const reason = 'r'.repeat(2000);
    const pathsOf = async (seq: number) => {
      const { entry } = await s.session.store.ledger.read(seq);
      return entry;
    };
    const policy = (await s.session.catalog()).policyId;
    const many = Array.from({ length: 101 }, () => ({ op: 'set_policy' as const, policy }));
    await s.session.write('policy.set', [], async (tx) => {
      await tx.commit(() => ({ type: 'policy_changed', payload: { from: policy, to: policy }, ops: many }));
      await tx.commit(() => ({ type: 'capability_action', payload: { action: 'x', subjects, reason } }));
      await tx.commit(() => ({
        type: 'tool_run',
        payload: {
          run_id: s.session.random.uuid(),
          program: 'x',
          arguments_hash: policy,
          exit_status: 0,
          started_at: s.session.now(),
          ended_at: s.session.now(),
          artifacts: 0,
          sandbox: { backend: 'none', level: 'none', gaps: [] },
          stray_writes: 0,
          stray_paths: Array.from({ length: 1000 }, (_, i) => `a/long/path/to/a/file/${i}`),
        },
      }));
    });
    expect(await s.problems()).toEqual([]);
    const { layout } = behind(s.session);
    await unlink(layout.object((await pathsOf(2)).ops_object!));
    // It is compressed, in a pack of its own.
    for (const name of await readdir(layout.packs)) await rm(`${layout.packs}/${name}`);
    await writeFile(layout.object((await pathsOf(4)).payload_object!), '{}');
    expect(await s.problems()).toEqual(['object 2', 'object 4']);
  });

  it('lists every name in the ledger directories that is no entry', async () => {
    const s = await withNotes(1);
    const { ledger } = behind(s.session).layout;
    await writeFile(`${ledger}/notes.txt`, '');
    await mkdir(`${ledger}/000007`);
    await writeFile(`${ledger}/000000/0000000001.json.bak`, '');
    await writeFile(`${ledger}/000007/0000000001.json`, '');
    await symlink('0000000001.json', `${ledger}/000000/0000000002.json`);
    expect((await s.problems()).sort()).toEqual([
      'stray ledger/000000/0000000001.json.bak',
      'stray ledger/000000/0000000002.json',
      'stray ledger/000007/0000000001.json',
      'stray ledger/notes.txt',
    ]);
  });

  it('names the entry whose policy is missing or damaged, even if it was replaced', async () => {
    const s = await withNotes(1);
    const [first, second] = [{ trash_days: 8 }, { trash_days: 9 }].map((change) => {
      const policy = { ...DEFAULT_POLICY, retention: { ...DEFAULT_POLICY.retention, ...change } };
      return { id: sha256(encodePolicy(policy)), policy };
    });
    for (const proposed of [first!, second!, first!, second!]) await setPolicy(s.session, proposed);
    const { layout } = behind(s.session);
    await unlink(layout.object(first!.id));
    expect(await s.problems()).toEqual(['object 2']);
    expect(await s.messages()).toContain('cannot read the policy that entry 2 set');
    await chmod(layout.object(second!.id), 0o600);
    await writeFile(layout.object(second!.id), 'damaged');
    expect(await s.problems()).toEqual(['object 2', 'object 3']);
  });

  it('names the export record whose list of paths is missing', async () => {
    const s = await withNotes(0);
    const { layout } = behind(s.session);
    const { policyId } = await s.session.catalog();
    let list: ObjectId | undefined;
    await s.session.write('artifact.export', [], async (tx) => {
      const { id } = await tx.batch.addBytes(canonicalBytes({ paths: ['a.txt'] }));
      list = id;
      await tx.commit(() => ({
        type: 'export_record',
        payload: {
          export_id: '00000000-0000-4000-8000-000000000000',
          export_format: 'dir',
          export_target: '/out',
          created_at: s.session.now(),
          actor: 'human:tester',
          source_entity_refs: [],
          source_hashes: [],
          exporter: { engine_id: 'hs', engine_version: '0.1.0', config_hash: policyId },
          determinism_level: 'bitwise',
          hash_basis: 'bundle_index',
          policy_id: policyId,
          redactions_applied: false,
          output_artifact_handles: [],
          materialized_paths_object: id,
          outcome: 'done',
          warnings: [],
          errors: [],
        },
      }));
    });
    expect(await s.problems()).toEqual([]);
    await unlink(layout.object(list!));
    expect(await s.problems()).toEqual(['object 1']);
  });
});
