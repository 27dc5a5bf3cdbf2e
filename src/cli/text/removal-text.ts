import type { RemovalDocument } from '../retention-documents.js';
import { counted, humanSize } from './human.js';
import { labelOf, planText, reclaimedLines, ruleWords } from './retention-text.js';
import type { View } from './view.js';

const SHOWN_SPARED = 10;

/** What a collection or a removal did, or the plan of it. */
export function removalText(value: RemovalDocument, view: View): string {
  if (value.dry_run) return planText({ header: value.plan, items: value.items }, view);
  const lines: string[] = [];
  if (value.report === null) lines.push('nothing was removed');
  else {
    lines.push(
      `removed ${counted(value.removed.length, 'artifact')} of ${value.plan.scanned}, which frees ${humanSize(value.plan.freed_bytes)}`,
      `report ${view.style.id(value.report)}`,
    );
  }
  for (const item of value.spared_since.slice(0, SHOWN_SPARED)) {
    lines.push(
      `spared ${view.text(labelOf(item))} (${item.artifact_id.slice(0, 8)}): ${ruleWords(item.rule)} since the plan was made`,
    );
  }
  if (value.spared_since.length > SHOWN_SPARED) {
    lines.push(`spared ${value.spared_since.length - SHOWN_SPARED} more since the plan was made`);
  }
  if (value.gone.length > 0)
    lines.push(`${counted(value.gone.length, 'artifact')} of the plan had gone already`);
  lines.push(...reclaimedLines(value.reclaimed));
  if (value.report !== null && value.restorable_until !== undefined) {
    lines.push(
      `until ${value.restorable_until.slice(0, 16).replace('T', ' ')}Z: hs restore --run ${value.report.slice(0, 8)}`,
    );
  }
  return lines.join('\n');
}
