import type { RepairStep } from '../../store/port/finding.js';

/** One line, such as `restore object 5e… from trash/…`. */
export function repairText({ action, subject, source }: RepairStep): string {
  return `${action} ${subject}${source === undefined ? '' : ` from ${source}`}`;
}
