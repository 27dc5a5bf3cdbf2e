import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { type ArtifactId, type Timestamp, toTimestamp } from '../../src/core/objects/ids.js';
import { classHistory } from '../../src/core/page/class-history.js';
import { type ReportPageData, reportPage } from '../../src/core/page/report-page.js';
import { type UsagePageData, usagePage } from '../../src/core/page/usage-page.js';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.js';
import type { PlanItem } from '../../src/core/retention/prune-plan.js';

const NOW = '2026-06-01T12:00:00.000Z' as Timestamp;
const DAY = 86_400_000;
const at = (days: number) => toTimestamp(Date.parse(NOW) + days * DAY);
const HASH = 'a'.repeat(64) as never;
export const idOf = (n: number) =>
  `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as ArtifactId;

/** Names that would do something in a page that took them for markup, or ruin its layout. */
export const HOSTILE = [
  '<img src=x onerror="document.title=\'owned\'">',
  '</td></tr></table><script>document.title="owned"</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><style>*{display:none}</style>',
  '<link rel=stylesheet href=https://example.invalid/x.css>',
  '<meta http-equiv=refresh content="0;url=https://example.invalid/">',
  '&lt;b&gt;&amp;&#x3c;script&#x3e;',
  '{{1+1}}<%= 1+1 %>',
  'a\u202egnp.exe',
  'x'.repeat(300),
  '\u{1f600} na\u00efve \uff5e',
] as const;

function item(n: number, name: string, more: Partial<PlanItem> = {}): PlanItem {
  return {
    artifact_id: idOf(n),
    verdict: 'keep',
    rule: 'within_window',
    until: at(n),
    size_bytes: 1000 * n * n,
    freed_bytes: 900 * n,
    revision: 1,
    content_hash: HASH,
    payload_type: 'file',
    kind: 'file',
    retention_class: RETENTION_CLASSES[n % RETENTION_CLASSES.length]!,
    layer: 'L3',
    classification: 'low',
    created_at: at(-90 + n),
    registered_at: at(-90 + n),
    name,
    ...more,
  };
}

function history() {
  const records = Array.from({ length: 60 }, (_, n) => {
    const facts = item(n, '', { size_bytes: 50_000 * (1 + (n % 7)) });
    const removed = n % 3 === 0 ? { seq: n, at: at(-20 + n / 4), purge: false } : undefined;
    return {
      ...facts,
      registered: { seq: n, index: 0, at: at(-90 + 1.5 * n) },
      removed,
    } as unknown as ArtifactRecord;
  });
  return classHistory(records, NOW);
}

const names = (hostile: boolean) =>
  hostile ? HOSTILE : ['releases/1.0', 'nightly/report', 'logs/build', 'caf\u00e9', 'model.ckpt'];

export function reportData(hostile = true): ReportPageData {
  const gone = names(hostile).map((name, i) => ({
    ...item(i + 1, name, { rule: i % 2 === 0 ? 'window_expired' : 'ttl_expired', until: at(-i - 1) }),
    verdict: 'prune' as const,
  }));
  const stays = names(hostile).map((name, i) =>
    i % 4 === 0
      ? item(100 + i, name, { rule: 'pinned', pins: ['release'] })
      : item(100 + i, name, i % 4 === 1 ? { rule: 'min_versions' } : {}),
  );
  const { until: _, ...floor } = stays[1]!;
  stays[1] = floor;
  const bytes = gone.reduce((sum, i) => sum + i.size_bytes, 0);
  return {
    report: {
      header: {
        schema: 'hs.retention-report/1',
        report: idOf(0xabcdef12),
        store_id: idOf(1),
        head_seq: 9,
        head_hash: HASH,
        policy_hash: HASH,
        plan_hash: HASH,
        policy: DEFAULT_POLICY,
        clock: NOW,
        command: 'gc',
        actor: hostile ? `human:${HOSTILE[0]}` : 'human:ada',
        trace_id: idOf(2),
        reason: hostile ? HOSTILE[1] : 'the quarter is closed',
        scanned: gone.length + stays.length,
        pruned: gone.length,
        spared: stays.length,
        failed: 0,
        pruned_bytes: bytes,
        freed_bytes: Math.round(bytes * 0.9),
        stored_bytes: bytes * 3,
        quota_bytes: bytes * 4,
        gone: 0,
        trash_days: 7,
      },
      items: gone,
    },
    undo: {
      at: at(-1),
      trashUntil: at(6),
      restorable: gone.slice(2).map((i) => i.artifact_id),
      irreversible: gone.slice(0, 1).map((i) => i.artifact_id),
    },
    stays,
    history: history(),
    now: NOW,
    madeBy: 'hs 0.1.0',
  };
}

export function usageData(hostile = true): UsagePageData {
  return {
    storeId: idOf(1),
    by: 'name',
    rows: names(hostile).map((group, i) => ({
      group,
      artifacts: 12 - i,
      logical_bytes: 3_000_000 >> i,
      physical_bytes: 2_000_000 >> i,
    })),
    artifacts: 60,
    logical_bytes: 6_000_000,
    physical_bytes: 4_000_000,
    unreferenced: { objects: 3, size_bytes: 4096 },
    trash: { objects: 1, size_bytes: 100 },
    history: history(),
    now: NOW,
    madeBy: 'hs 0.1.0',
  };
}

export const PAGES = [
  ['report', (hostile: boolean) => reportPage(reportData(hostile))],
  ['usage', (hostile: boolean) => usagePage(usageData(hostile))],
] as const;
