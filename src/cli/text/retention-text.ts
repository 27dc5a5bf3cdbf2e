import type { PlanHeader, PlanItem, PrunePlan } from '../../core/prune-plan.js';
import type { Reclaimed } from '../../store/collector.js';
import { counted, humanAge, humanSize } from './human.js';
import { type Column, table } from './table.js';
import type { View } from './view.js';

export function labelOf(item: {
  readonly name?: string;
  readonly filename_hint?: string;
  readonly kind: string;
}): string {
  return item.name ?? item.filename_hint ?? item.kind;
}

/** `within_window` → `within window`. */
export function ruleWords(rule: string): string {
  return rule.replaceAll('_', ' ');
}

export function itemColumns(view: View): Column<PlanItem>[] {
  return [
    { head: 'NAME', value: labelOf, shrinks: true },
    { head: 'ID', value: (i) => i.artifact_id.slice(0, 8), paint: view.style.id },
    { head: 'WHY', value: (i) => ruleWords(i.rule) },
    { head: 'SIZE', align: 'right', value: (i) => humanSize(i.size_bytes) },
    { head: 'FREES', align: 'right', value: (i) => humanSize(i.freed_bytes) },
    { head: 'CREATED', value: (i) => humanAge(Date.parse(i.created_at), view.now) },
  ];
}

/** `12 pinned, 3 within window`: how many artifacts each rule decided, the most first. */
export function byRule(items: Iterable<{ readonly rule: string }>): string {
  const counts = new Map<string, number>();
  for (const { rule } of items) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([rule, n]) => `${n} ${ruleWords(rule)}`)
    .join(', ');
}

function quotaLine(h: PlanHeader): string[] {
  if (h.quota_bytes === undefined) return [];
  if (h.quota_unmet_bytes === undefined) return [`the quota of ${humanSize(h.quota_bytes)} is met`];
  return [
    `the quota of ${humanSize(h.quota_bytes)} is not met: ${humanSize(h.quota_unmet_bytes)} too many are held`,
  ];
}

/** What a plan would take and what it leaves, for a person. */
export function planText(plan: PrunePlan, view: View): string {
  const { header: h, items } = plan;
  const going = items.filter((i) => i.verdict === 'prune');
  const kept = items.filter((i) => i.verdict === 'keep');
  const lines = [
    going.length === 0
      ? 'nothing is to be removed'
      : `${counted(going.length, 'artifact')} of ${h.scanned} would be removed, which frees ${humanSize(h.freed_bytes)} of ${humanSize(h.stored_bytes)}`,
    ...(kept.length === 0 ? [] : [`kept: ${byRule(kept)}`]),
    ...quotaLine(h),
  ];
  return [...(going.length === 0 ? [] : [table(itemColumns(view), going, view), '']), ...lines].join('\n');
}

/** What sweeping and purging did, in lines. */
export function reclaimedLines(r: Reclaimed): string[] {
  if (r.sweep === 'busy') return ['another collection is at work: it frees the bytes'];
  if (r.sweep === 'skipped') return ['no bytes were freed: see the warnings'];
  const lines: string[] = [];
  if (r.swept.objects > 0) {
    lines.push(`${counted(r.swept.objects, 'object')} (${humanSize(r.swept.size_bytes)}) moved to the trash`);
  }
  if (r.purged.objects > 0) {
    lines.push(`${counted(r.purged.objects, 'object')} (${humanSize(r.purged.size_bytes)}) purged`);
  }
  const waiting = r.purge_pending.reduce((n, p) => n + p.objects, 0);
  if (waiting > 0) {
    const leases = new Set(r.purge_pending.flatMap((p) => p.leases)).size;
    lines.push(
      `${counted(waiting, 'object')} to be purged by the next collection: ${counted(leases, 'command is', 'commands are')} still at work`,
    );
  }
  return lines;
}
