import { labelOf } from '../../core/manifest/label-of.js';
import { KEEP_RULES, type PlanHeader, type PlanItem } from '../../core/retention/prune-plan.js';
import { counted, humanSize } from '../../core/text/human.js';
import type { Reclaimed } from '../../store/collector/collector.js';
import type { ObjectTotals } from '../../store/collector/object-totals.js';
import type { Reclaimable } from '../../store/collector/reclaimable.js';
import type { RemovalShown } from '../retention-documents.js';
import { humanAge } from './human-age.js';
import { type Column, table } from './table.js';
import { dayOf, emptiedText, freesText, irreversibleText } from './undo-text.js';
import type { View } from './view.js';

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

/** The same, with the time until which each can be brought back. */
function goingColumns(view: View, trashUntil: string | undefined): Column<PlanItem>[] {
  const isLost = (i: PlanItem) => trashUntil === undefined || i.irreversible === true;
  return [
    ...itemColumns(view),
    {
      head: 'UNDO',
      value: (i) => (isLost(i) ? 'never' : `until ${dayOf(trashUntil!)}`),
      paint: (cell, i) => (isLost(i) ? view.style.warning(cell) : cell),
    },
  ];
}

interface RuleTotal {
  readonly rule: string;
  readonly artifacts: number;
  readonly bytes: number;
  readonly freed: number;
}

function ruleTotals(items: Iterable<PlanItem>): RuleTotal[] {
  const totals = new Map<string, RuleTotal>();
  for (const { rule, size_bytes, freed_bytes } of items) {
    const t = totals.get(rule) ?? { rule, artifacts: 0, bytes: 0, freed: 0 };
    totals.set(rule, {
      rule,
      artifacts: t.artifacts + 1,
      bytes: t.bytes + size_bytes,
      freed: t.freed + freed_bytes,
    });
  }
  return [...totals.values()].sort((a, b) => b.artifacts - a.artifacts || (a.rule < b.rule ? -1 : 1));
}

function ruleTable(items: readonly PlanItem[], view: View): string {
  return table<RuleTotal>(
    [
      { head: 'RULE', value: (t) => ruleWords(t.rule) },
      { head: 'ARTIFACTS', align: 'right', value: (t) => String(t.artifacts) },
      { head: 'SIZE', align: 'right', value: (t) => humanSize(t.bytes) },
      { head: 'FREES', align: 'right', value: (t) => humanSize(t.freed) },
    ],
    ruleTotals(items),
    view,
  );
}

/** `12 pinned, 3 within window`: the number of artifacts decided by each rule, largest first. */
export function byRule(items: Iterable<{ readonly rule: string }>): string {
  const counts = new Map<string, number>();
  for (const { rule } of items) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return countsText(counts);
}

/** The same of what is kept, which a plan and a report need not list; empty for nothing. */
export function keptByRule(
  { rules }: Pick<PlanHeader, 'rules'>,
  items: readonly { readonly verdict: string; readonly rule: string }[],
): string {
  if (rules === undefined) return byRule(items.filter((i) => i.verdict === 'keep'));
  const kept = KEEP_RULES.map((rule) => [rule, rules[rule]?.artifacts ?? 0] as const);
  return countsText(new Map(kept.filter(([, n]) => n > 0)));
}

function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([rule, n]) => `${n} ${ruleWords(rule)}`)
    .join(', ');
}

function quotaLines(h: PlanHeader, refused: boolean): string[] {
  if (h.quota_bytes === undefined) return [];
  const quota = `the quota of ${humanSize(h.quota_bytes)}`;
  if (h.quota_unmet_bytes === undefined) return [`${quota} is met`];
  return [
    `${quota} is not met: ${humanSize(h.quota_unmet_bytes)} too much is kept`,
    ...(refused ? ['without --best-effort, nothing would be removed, because it would not help'] : []),
  ];
}

function dueWords(trash: ObjectTotals, due: ObjectTotals): string {
  if (due.objects === 0) return 'none of them due yet';
  if (due.objects === trash.objects) return 'which would be purged';
  return `of which ${due.objects} (${humanSize(due.size_bytes)}) would be purged`;
}

function unsweptLines({ objects, size_bytes }: ObjectTotals, stay: string): string[] {
  if (objects === 0) return [];
  return [
    `${counted(objects, 'object')} (${humanSize(size_bytes)}) unused ${stay} in packs that are mostly in use; hs gc --repack moves them`,
  ];
}

/** What the sweep and the purge of a collection would free besides its plan. */
function reclaimableLines(r: Reclaimable, until: string | undefined): string[] {
  if (r.unknown.length > 0) return [`nothing would be swept: cannot read ${r.unknown[0]}`];
  const all = (t: ObjectTotals) => `${counted(t.objects, 'object')} (${humanSize(t.size_bytes)})`;
  const { unreferenced, unswept, trash, due } = r;
  const moved = {
    objects: unreferenced.objects - unswept.objects,
    size_bytes: unreferenced.size_bytes - unswept.size_bytes,
  };
  return [
    ...(moved.objects === 0
      ? []
      : [`${all(moved)} unused would ${until === undefined ? 'be purged' : 'move to the trash'}`]),
    ...unsweptLines(unswept, 'would stay'),
    ...(trash.objects === 0 ? [] : [`${all(trash)} in the trash, ${dueWords(trash, due)}`]),
  ];
}

function filterLine({ filters = [], rules }: PlanHeader, view: View): string {
  const rest = rules?.unlisted?.artifacts ?? 0;
  const more = rest === 0 ? '' : `; ${rest} more would go without it`;
  return `the filter is ${filters.map(view.text).join(', ')}${more}`;
}

/** The plan: a table, its totals, and what cannot be undone. */
export function planText(shown: Omit<RemovalShown, 'dry_run'>, view: View): string {
  const { plan: h, items, trash_until: until, emptied = [], reclaimable } = shown;
  const going = items.filter((i) => i.verdict === 'prune');
  const kept = items.filter((i) => i.verdict === 'keep');
  const stays = keptByRule(h, items);
  const lost = until === undefined ? going : going.filter((i) => i.irreversible === true);
  const tables = [
    ...(going.length === 0 ? [] : [table(goingColumns(view, until), going, view)]),
    ...(view.verbose && kept.length > 0
      ? [`${view.style.heading('kept')}\n${table(keptColumns(view), kept, view)}`]
      : []),
    ...(going.length > 1 ? [ruleTable(going, view)] : []),
  ];
  const lines = [
    ...(going.length === 0
      ? ['nothing would be removed']
      : [
          `${counted(going.length, 'artifact')} of ${h.scanned} would be removed`,
          `${freesText(h, until, 'would')}, of ${humanSize(h.stored_bytes)}`,
        ]),
    ...(h.filters === undefined ? [] : [filterLine(h, view)]),
    ...(lost.length === 0 ? [] : [view.style.warning(irreversibleText(lost, view))]),
    ...(emptied.length === 0 ? [] : [view.style.warning(emptiedText(emptied, 'would', view))]),
    ...(stays === '' ? [] : [`kept: ${stays}`]),
    ...quotaLines(h, shown.refused === true),
    ...(reclaimable === undefined ? [] : reclaimableLines(reclaimable, until)),
  ];
  return [...tables.flatMap((t) => [t, '']), ...lines].join('\n');
}

function keptColumns(view: View): Column<PlanItem>[] {
  return itemColumns(view).filter(({ head }) => head !== 'FREES');
}

/** The result of sweeping and purging, in lines. */
export function reclaimedLines(r: Reclaimed): string[] {
  if (r.sweep === 'busy') return ['another collection is running: it frees the bytes'];
  if (r.sweep === 'skipped') return ['no bytes were freed: see the warnings'];
  const lines: string[] = [];
  if (r.swept.objects > 0) {
    lines.push(`${counted(r.swept.objects, 'object')} (${humanSize(r.swept.size_bytes)}) moved to the trash`);
  }
  lines.push(...unsweptLines(r.unswept, r.unswept.objects === 1 ? 'stays' : 'stay'));
  if (r.purged.objects > 0) {
    lines.push(`${counted(r.purged.objects, 'object')} (${humanSize(r.purged.size_bytes)}) purged`);
  }
  const waiting = r.purge_pending.reduce((n, p) => n + p.objects, 0);
  if (waiting > 0) {
    const leases = new Set(r.purge_pending.flatMap((p) => p.leases)).size;
    lines.push(
      `${counted(waiting, 'object')} to be purged by the next collection: ${counted(leases, 'command is', 'commands are')} still running`,
    );
  }
  return lines;
}
