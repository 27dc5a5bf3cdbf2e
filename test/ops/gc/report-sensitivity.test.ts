import { describe, expect, it } from 'vitest';
import { REPORT_NAME } from '../../../src/core/retention/report.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { readReport } from '../../../src/ops/gc/retention-reports.js';
import { demandRead } from '../../../src/ops/guard/read-gate.js';
import { resolveArtifact } from '../../../src/ops/naming/resolve-artifact.js';
import { streamSource } from '../../../src/ops/payload/stream-source.js';
import { put } from '../../../src/ops/put/put.js';
import { openTestSession, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

async function* once(text: string) {
  yield Buffer.from(text);
}
const bytes = (text: string) => [{ stream: streamSource(once(text)) }];

/** A store from which an artifact was removed whose name alone is a secret. */
async function removed(level: 'low' | 'high') {
  const dir = await tmp();
  const session = await testStore(dir);
  const sensitive = level === 'high' ? { classification: level, ttl: 5 } : {};
  const [a] = await put(session, bytes('x'), { name: 'layoffs-in-may', ...sensitive });
  const { outcome } = await removeArtifacts(session, new Set([a!.artifactId]), {});
  const job = await openTestSession(dir, { actor: 'ai_job:worker' });
  return { dir, session, job, report: outcome.report! };
}

describe('the report of a removal', () => {
  it('counts its items under the names that other tools expect, like the ledger', async () => {
    const { session, report } = await removed('low');
    expect(session.store.format.features).toContain('records-2');
    const counts = {
      items_scanned: 1,
      items_pruned: 1,
      items_spared_pinned: 0,
      items_spared_window: 0,
      total_bytes_freed: 1,
    };
    const { registered } = (await (await session.catalog()).get(report))!;
    const { entry } = await session.store.ledger.read(registered.seq);
    const { header } = (await readReport(session, report)).report;
    expect(header).toMatchObject({ ...counts, total_bytes_freed: header.freed_bytes });
    expect(entry.payload).toMatchObject({ ...counts, total_bytes_freed: header.freed_bytes });
  });

  it('is as sensitive as the most sensitive artifact that it names', async () => {
    const { session, report } = await removed('high');
    expect(await (await session.catalog()).get(report)).toMatchObject({
      classification: 'high',
      exportable: false,
      retention_ttl_days: 30,
    });
    const { session: other, report: plain } = await removed('low');
    expect(await (await other.catalog()).get(plain)).toMatchObject({
      classification: 'low',
      exportable: true,
    });
  });

  it('is read, named and exported only by actors that may read what it names', async () => {
    const { dir, session, job, report } = await removed('high');
    await expect(readReport(job, report)).rejects.toMatchObject({ code: 'REFUSED' });
    const place = { kind: 'path', path: `${dir}/out` } as const;
    await expect(exportArtifact(session, { artifact: report, place })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
    expect((await readReport(session, report)).report.items).toMatchObject([{ name: 'layoffs-in-may' }]);
  });

  it('leaks the name if made like any other report', async () => {
    const { session, job, report } = await removed('high');
    const { content_hash } = (await (await session.catalog()).get(report))!;
    const text = Buffer.from(await session.store.objects.read(content_hash)).toString();
    // Another store, which does not know that these bytes are restricted.
    const dir = await tmp();
    const naive = await testStore(dir);
    await put(naive, bytes(text), { name: REPORT_NAME, kind: 'report' });
    const naiveJob = await openTestSession(dir, { actor: 'ai_job:worker' });
    const catalog = await naiveJob.catalog();
    const record = await resolveArtifact(catalog, REPORT_NAME);
    await demandRead(naiveJob, catalog, record);
    const read = Buffer.from(await naiveJob.store.objects.read(record.content_hash)).toString();
    expect(read).toContain('layoffs-in-may');
    const here = await job.catalog();
    await expect(demandRead(job, here, await resolveArtifact(here, REPORT_NAME))).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });
});
