import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { META_KEY } from '../../src/core/catalog/catalog-keys.js';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { HsError } from '../../src/errors/hs-error.js';
import { resolveArtifact } from '../../src/ops/naming/resolve-artifact.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { foldEntry } from '../helpers/fold-entry.js';

const HASH = sha256(new Uint8Array());
const IDS = [
  'abcdef01-0000-4000-8000-000000000001',
  'abcdef02-0000-4000-8000-000000000002',
  'fedcba98-0000-4000-8000-000000000003',
] as const;

function add(id: string, name?: string, filenameHint?: string): LedgerOp {
  return {
    op: 'add',
    artifact_id: id,
    revision: 1,
    manifest: HASH,
    manifest_size_bytes: 1,
    content_hash: HASH,
    payload_type: 'file',
    kind: 'file',
    retention_class: 'result',
    layer: 'L3',
    classification: 'low',
    exportable: true,
    size_bytes: 0,
    created_at: '2026-01-01T00:00:00.000Z',
    ...(name === undefined ? {} : { name }),
    ...(filenameHint === undefined ? {} : { filename_hint: filenameHint }),
  } as LedgerOp;
}

function stateOf(...commits: LedgerOp[][]): Catalog {
  const tables = new MemoryTables();
  commits.forEach((ops, seq) => {
    const entry = { seq, at: '2026-01-01T00:00:00.000Z', actor: 'human', actor_id: 'x' } as LedgerEntry;
    const policy: LedgerOp[] = seq === 0 ? [{ op: 'set_policy', policy: HASH }] : [];
    foldEntry(tables, entry, [...policy, ...ops], HASH);
  });
  expect(tables.get(META_KEY)).toBeDefined();
  return catalogOf(tables);
}

const named = stateOf([add(IDS[0], 'report')], [add(IDS[1], 'report'), add(IDS[2], 'abcdef0')]);

describe('an artifact is named', () => {
  it('by its id, in either case, and by a unique prefix of six digits', async () => {
    expect((await resolveArtifact(named, IDS[2])).artifact_id).toBe(IDS[2]);
    expect((await resolveArtifact(named, 'FEDCBA')).artifact_id).toBe(IDS[2]);
    expect((await resolveArtifact(named, 'abcdef01-00')).artifact_id).toBe(IDS[0]);
  });

  it('by name, the newest first by ledger position', async () => {
    expect((await resolveArtifact(named, 'report')).artifact_id).toBe(IDS[1]);
    expect((await resolveArtifact(named, 'report@{1}')).artifact_id).toBe(IDS[0]);
  });

  it('not by a prefix of five digits, an unknown name or a missing version', async () => {
    for (const typed of ['fedcb', 'nope', 'report@{2}', '', 'name:fedcba98', 'id:report']) {
      await expect(resolveArtifact(named, typed)).rejects.toThrow(
        expect.objectContaining({ code: 'NOT_FOUND' }),
      );
    }
  });

  it('not by a prefix that is too short, and the hint says so', async () => {
    const hint = async (typed: string) => {
      try {
        await resolveArtifact(named, typed);
        return undefined;
      } catch (e) {
        return (e as HsError).hint;
      }
    };
    expect(await hint('fedcb')).toContain('at least 6 digits');
    expect(await hint('id:FEDC')).toContain('at least 6 digits');
    expect(await hint('nope')).toBe('hs ls lists what is there');
  });

  it('not by a similar name, which the hint suggests', async () => {
    await expect(resolveArtifact(named, 'reprot')).rejects.toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        hint: "did you mean 'report'? hs ls lists what is there",
        details: { candidates: [IDS[1]] },
      }),
    );
    await expect(resolveArtifact(named, 'reprot', { listedBy: 'hs report' })).rejects.toThrow(
      expect.objectContaining({ hint: 'hs report lists what is there' }),
    );
  });

  it('not by a missing version; the hint gives their number', async () => {
    const hint = (typed: string) => expect.objectContaining({ code: 'NOT_FOUND', hint: typed });
    await expect(resolveArtifact(named, 'report@{9}')).rejects.toThrow(
      hint("'report' has 2 versions, @{0} to @{1}"),
    );
    await expect(resolveArtifact(named, 'abcdef0@{1}')).rejects.toThrow(
      hint("'abcdef0' has one version, @{0}"),
    );
  });

  it('not by an ambiguous prefix, unless id: or name: decides', async () => {
    await expect(resolveArtifact(named, 'id:abcdef0')).rejects.toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS' }),
    );
    try {
      await resolveArtifact(named, 'abcdef0');
      expect.unreachable();
    } catch (e) {
      expect(e).toMatchObject({ code: 'AMBIGUOUS', details: { candidates: [IDS[0], IDS[1], IDS[2]] } });
    }
    expect((await resolveArtifact(named, 'name:abcdef0')).artifact_id).toBe(IDS[2]);
  });

  it('by id or name after its removal only on request, live artifacts first', async () => {
    const catalog = stateOf(
      [add(IDS[0], 'report')],
      [add(IDS[1], 'report')],
      [{ op: 'remove', artifact_id: IDS[1] } as LedgerOp],
    );
    expect((await resolveArtifact(catalog, 'report')).artifact_id).toBe(IDS[0]);
    await expect(resolveArtifact(catalog, IDS[1])).rejects.toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', hint: expect.stringContaining('hs restore') }),
    );
    expect((await resolveArtifact(catalog, IDS[1], { removed: true })).artifact_id).toBe(IDS[1]);
    expect((await resolveArtifact(catalog, 'report@{1}', { removed: true })).artifact_id).toBe(IDS[1]);
  });

  it('for a restore, removed artifacts first', async () => {
    const catalog = stateOf(
      [add(IDS[0], 'report')],
      [add(IDS[1], 'report')],
      [{ op: 'remove', artifact_id: IDS[1] } as LedgerOp],
    );
    expect((await resolveArtifact(catalog, 'report', { removed: 'first' })).artifact_id).toBe(IDS[1]);
    expect((await resolveArtifact(catalog, 'report@{1}', { removed: 'first' })).artifact_id).toBe(IDS[0]);
  });

  it('not by its filename hint, which only gives candidates', async () => {
    const catalog = stateOf([add(IDS[0], undefined, 'a.txt'), add(IDS[1], 'other', 'a.txt')]);
    try {
      await resolveArtifact(catalog, 'a.txt');
      expect.unreachable();
    } catch (e) {
      expect(e).toMatchObject({
        code: 'NOT_FOUND',
        hint: expect.stringContaining('the file name of artifact abcdef01'),
        details: { candidates: [IDS[0]] },
      });
    }
  });
});
