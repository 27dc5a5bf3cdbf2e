import type { RepairStep } from '../../store/port/finding.js';

/** `%`: the subject. What is still to be done, and what was. */
const WORDS: Readonly<Record<RepairStep['action'], readonly [string, string]>> = {
  finish: ['finish the work of %', 'finished the work of %'],
  remove: ['remove %', 'removed %'],
  create: ['create %', 'created %'],
  chmod: ['correct the mode of %', 'corrected the mode of %'],
  separate: ['give % bytes of its own', 'gave % bytes of its own'],
  'bring-back': ['bring back %', 'brought back %'],
  restore: ['restore %', 'restored %'],
  drop: ['drop the damaged copy %', 'dropped the damaged copy %'],
  'set-aside': ['move % to the quarantine', 'moved % to the quarantine'],
};

/** One line, such as `restored object 5e… from trash/…`. */
export function repairText(
  { action, subject, source }: RepairStep,
  state: 'planned' | 'done' | 'failed',
): string {
  const [todo, done] = WORDS[action];
  const words = { planned: `would ${todo}`, done, failed: `could not ${todo}` }[state];
  return `${words.replace('%', () => subject)}${source === undefined ? '' : ` from ${source}`}`;
}
