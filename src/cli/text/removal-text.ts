import { labelWithId } from '../../core/manifest/label-of.js';
import { counted, utcTime } from '../../core/text/human.js';
import type { RemovalDocument, RemovalDone } from '../retention-documents.js';
import { planText, reclaimedLines, ruleWords } from './retention-text.js';
import { emptiedText, freesText, irreversibleText } from './undo-text.js';
import type { View } from './view.js';

const SHOWN_SPARED = 10;

/** The result of a collection or a removal, or its plan. */
export function removalText(value: RemovalDocument, view: View): string {
  if (value.dry_run) return planText(value, view);
  const lines: string[] = [];
  if (value.report === null) lines.push('nothing was removed');
  else lines.push(...removedLines(value, value.report, view));
  if (value.emptied.length > 0) lines.push(view.style.warning(emptiedText(value.emptied, 'did', view)));
  for (const item of value.spared_since.slice(0, SHOWN_SPARED)) {
    lines.push(`spared ${labelWithId(item, view.text)}: ${ruleWords(item.rule)} since the plan was made`);
  }
  if (value.spared_since.length > SHOWN_SPARED) {
    lines.push(`spared ${value.spared_since.length - SHOWN_SPARED} more since the plan was made`);
  }
  if (value.gone.length > 0)
    lines.push(`${counted(value.gone.length, 'artifact was', 'artifacts were')} already removed`);
  lines.push(...reclaimedLines(value.reclaimed));
  if (value.report !== null && value.restorable_until !== undefined) {
    const back = value.removed.length - value.irreversible.length;
    const until = utcTime(value.restorable_until);
    lines.push(`${back} can be brought back until ${until}: hs restore --run ${value.report.slice(0, 8)}`);
  }
  return lines.join('\n');
}

function removedLines(value: RemovalDone, report: string, view: View): string[] {
  const { plan, removed, reclaimed, irreversible, trash_until: until } = value;
  const isPurged = reclaimed.sweep === 'done' && reclaimed.purge_pending.length === 0;
  const ids = new Set(irreversible);
  const lost = removed.filter((item) => ids.has(item.artifact_id));
  return [
    `removed ${counted(removed.length, 'artifact')} of ${plan.scanned}`,
    freesText(plan, until, isPurged ? 'did' : 'will', '', reclaimed.unswept.objects > 0 ? 'up to ' : ''),
    ...(lost.length === 0 ? [] : [view.style.warning(irreversibleText(lost, view))]),
    `report ${view.style.id(report)}`,
  ];
}
