import { describe, expect, it } from 'vitest';
import { activePins } from '../../src/core/catalog/active-pins.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { checkNewOperations } from '../../src/core/catalog/check-new-operations.js';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import type { ArtifactFacts, LedgerOp } from '../../src/core/ledger/operation.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../src/core/objects/ids.js';
import { HsError } from '../../src/errors/hs-error.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { foldEntry } from '../helpers/fold-entry.js';

const hash = sha256(Buffer.from('x'));
const NOW = toTimestamp(1_000_000);
const id = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000` as ArtifactId;
const facts = (n: number, revision = 1): ArtifactFacts => ({
  artifact_id: id(n),
  revision,
  manifest: hash,
  manifest_size_bytes: 1,
  content_hash: hash,
  payload_type: 'file',
  kind: 'file',
  retention_class: 'result',
  layer: 'L3',
  classification: 'low',
  exportable: true,
  size_bytes: 1,
  created_at: NOW,
});
const add = (n: number): LedgerOp => ({ op: 'add', ...facts(n) });
const revise = (n: number, revision: number): LedgerOp => ({ op: 'revise', ...facts(n, revision) });
const pin = (n: number, until?: number): LedgerOp => ({
  op: 'pin',
  artifact_id: id(n),
  name: 'p',
  ...(until === undefined ? {} : { until: toTimestamp(until) }),
});
const unpin = (n: number, name = 'p'): LedgerOp => ({ op: 'unpin', artifact_id: id(n), name });
const remove = (n: number, purge?: true): LedgerOp => ({
  op: 'remove',
  artifact_id: id(n),
  ...(purge ? { purge } : {}),
});
const restore = (n: number): LedgerOp => ({ op: 'restore', artifact_id: id(n) });

/** 1 live, 2 pinned, 3 pinned until a time that is over, 4 removed, 5 never there. */
function catalog(): Catalog {
  const tables = new MemoryTables();
  const ops: LedgerOp[] = [
    { op: 'set_policy', policy: hash },
    add(1),
    add(2),
    add(3),
    add(4),
    pin(2),
    pin(3, 999_999),
    remove(4),
  ];
  foldEntry(tables, { seq: 0, at: NOW, actor: 'human', actor_id: 'a' } as LedgerEntry, ops, hash);
  return catalogOf(tables);
}

async function verdict(...ops: LedgerOp[]): Promise<string> {
  try {
    await checkNewOperations(catalog(), ops, NOW);
    return 'ok';
  } catch (e) {
    if (e instanceof HsError) return e.code;
    throw e;
  }
}

describe('operations at the head', () => {
  it.each<[string, LedgerOp[], string]>([
    ['a new artifact', [add(5)], 'ok'],
    ['an artifact that is there', [add(1)], 'CONFLICT'],
    ['an artifact that was removed', [add(4)], 'CONFLICT'],
    ['one artifact twice', [add(5), add(5)], 'CONFLICT'],
    ['the next revision', [revise(1, 2)], 'ok'],
    ['a revision that another command made first', [revise(1, 1)], 'CONFLICT'],
    ['a revision too far', [revise(1, 3)], 'CONFLICT'],
    ['a revision of what was removed', [revise(4, 2)], 'NOT_FOUND'],
    ['a pin', [pin(1)], 'ok'],
    ['a pin on what is added with it', [add(5), pin(5)], 'ok'],
    ['a pin on what was removed', [pin(4)], 'NOT_FOUND'],
    ['a pin on what is restored with it', [restore(4), pin(4)], 'ok'],
    ['a pin on what never was', [pin(5)], 'NOT_FOUND'],
    ['an unpin', [unpin(2)], 'ok'],
    ['an unpin of another name', [unpin(2, 'q')], 'NOT_FOUND'],
    ['a removal', [remove(1)], 'ok'],
    ['a removal of what is pinned', [remove(2)], 'PINNED'],
    ['a purge of what is pinned', [remove(2, true)], 'PINNED'],
    ['a removal of what a pin held until a time that is over', [remove(3)], 'ok'],
    ['a removal of what was removed', [remove(4)], 'NOT_FOUND'],
    ['a removal of one artifact twice', [remove(1), remove(1)], 'NOT_FOUND'],
    ['a removal of what is pinned in the same entry', [pin(1), remove(1)], 'PINNED'],
    ['two revisions at once', [revise(1, 2), revise(1, 3)], 'ok'],
    ['one revision twice', [revise(1, 2), revise(1, 2)], 'CONFLICT'],
    ['one unpin twice', [unpin(2), unpin(2)], 'NOT_FOUND'],
    ['a restore of one artifact twice', [restore(4), restore(4)], 'CONFLICT'],
    ['a removal among others that is pinned', [remove(1), remove(2)], 'PINNED'],
    ['a restore', [restore(4)], 'ok'],
    ['a restore of what is live', [restore(1)], 'CONFLICT'],
    ['a restore of what never was', [restore(5)], 'NOT_FOUND'],
    ['a policy', [{ op: 'set_policy', policy: hash }], 'ok'],
    ['nothing', [], 'ok'],
  ])('%s', async (_, ops, expected) => {
    expect(await verdict(...ops)).toBe(expected);
  });

  it('passes only what the fold accepts', async () => {
    const cases: LedgerOp[][] = [
      [pin(1), remove(1)],
      [remove(1), remove(1)],
      [remove(1), pin(1)],
      [restore(4), restore(4)],
      [restore(4), remove(4)],
      [revise(1, 2), revise(1, 2)],
      [revise(1, 2), revise(1, 3)],
      [add(5), revise(5, 2)],
      [add(5), remove(5)],
      [remove(1), unpin(1)],
      [remove(1), revise(1, 2)],
      [add(5), pin(5), remove(5)],
      [pin(1), unpin(1)],
    ];
    for (const ops of cases) {
      if ((await verdict(...ops)) !== 'ok') continue;
      const tables = new MemoryTables();
      const first: LedgerOp[] = [
        { op: 'set_policy', policy: hash },
        add(1),
        add(2),
        add(3),
        add(4),
        pin(2),
        remove(4),
      ];
      foldEntry(tables, { seq: 0, at: NOW, actor: 'human', actor_id: 'a' } as LedgerEntry, first, hash);
      const entry = { seq: 1, at: NOW, actor: 'human', actor_id: 'a' } as LedgerEntry;
      expect(() => foldEntry(tables, entry, ops, hash), JSON.stringify(ops.map((o) => o.op))).not.toThrow();
    }
  });

  it('treat a pin as expired at exactly its end', () => {
    const pins = [{ name: 'p', actor: 'human:a', at: NOW, until: NOW }];
    expect(activePins({ pins }, NOW)).toEqual([]);
    expect(activePins({ pins }, toTimestamp(999_999))).toEqual(pins);
  });
});
