import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { toExportTarget } from '../../../src/core/guard/target-kinds.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { planExport } from '../../../src/ops/export/plan-export.js';
import { reclassify } from '../../../src/ops/govern/reclassify.js';
import { unpackTree } from '../../helpers/format-fixture.js';
import { openTestSession } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import { world } from './helpers.js';

const PUBLIC = { kind: 'public' } as const;

describe('the target of an export', () => {
  it('is in the decision and the record, with its projection; the default is a local file', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const place = (name: string) => ({ kind: 'path' as const, path: join(w.dir, name) });
    await exportArtifact(w.session, { artifact, place: place('a') });
    const target = { kind: 'platform', platform: 'wiki' } as const;
    await exportArtifact(w.session, { artifact, place: place('b'), target, displayProjectionRef: 'view:7' });
    const [plain, typed] = await w.records();
    expect(plain).toMatchObject({ export_target_kind: 'local_file' });
    expect(plain).not.toHaveProperty('display_projection_ref');
    const said = {
      export_target_kind: 'platform',
      export_platform: 'wiki',
      display_projection_ref: 'view:7',
      export_target: join(w.dir, 'b'),
    };
    expect(typed).toMatchObject(said);
    expect((await w.entries('export_decided'))[1]!.payload).toMatchObject(said);
  });

  it('is never public for high content or the same bytes, even with consent', async () => {
    const w = await world();
    const high = await w.put({ 'a.txt': 'secret' }, { classification: 'high', ttl: 3, name: 'secret' });
    await reclassify(w.session, high, { exportable: true, reason: 'r' });
    const copy = await w.put({ 'd/a.txt': 'secret', 'd/b.txt': 'plain' });
    const consents = [sha256(Buffer.from('secret'))];
    for (const [i, artifact] of [high, copy].entries()) {
      const request = { artifact, consents, place: { kind: 'path' as const, path: join(w.dir, `out${i}`) } };
      const refused = { code: 'GUARD_BLOCKED' };
      await expect(planExport(w.session, { ...request, target: PUBLIC })).rejects.toMatchObject(refused);
      await expect(exportArtifact(w.session, { ...request, target: PUBLIC })).rejects.toMatchObject(refused);
      // The same without a word of where it goes, which is all that a guard without targets can know.
      await exportArtifact(w.session, request);
    }
    const outcomes = (await w.records()).map((r) => `${r.export_target_kind} ${r.outcome}`);
    expect(outcomes).toEqual(['public refused', 'local_file done', 'public refused', 'local_file done']);
  });

  it('is not recorded in a store that an older hs may read, and then cannot be given', async () => {
    const dir = await tmp();
    const archive = fileURLToPath(new URL('../../../fixtures/format-1/store.tar.gz', import.meta.url));
    await unpackTree(await readFile(archive), dir);
    const session = await openTestSession(dir, { useIndex: false });
    const request = { artifact: 'caf\u00e9', place: { kind: 'path' as const, path: `${dir}/out` } };
    const given = exportArtifact(session, { ...request, target: PUBLIC });
    await expect(given).rejects.toMatchObject({ code: 'USAGE' });
    const { exportId } = await exportArtifact(session, request);
    const { entry } = await session.store.ledger.read(await session.store.ledger.headSeq());
    expect(entry.payload).toMatchObject({ export_id: exportId, outcome: 'done' });
    expect(entry.payload).not.toHaveProperty('export_target_kind');
  });

  it.each(['', 'web', 'platform:', 'platform:a b', 'public:x'])('cannot be %j', (typed) => {
    expect(() => toExportTarget(typed)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
