/** What a path is of: the phase of a command that uses it. */
const PHASES = [
  ['lease', /\/\.hsstore\/leases\b/],
  ['staging', /\/\.hsstore\/tmp\b/],
  ['objects', /\/\.hsstore\/(objects|packs)\b/],
  ['ledger', /\/\.hsstore\/ledger\b/],
  ['trash', /\/\.hsstore\/trash\b/],
  ['index', /\/\.hsstore\/cache\b/],
  ['store', /\/\.hsstore\b/],
  ['state', /\/\.state\b/],
  ['source', /^\/src\b/],
  ['destination', /^\/(out|proc)\b/],
] as const;
/** `elsewhere`: the directories in which stores are looked for. */
export type Phase = (typeof PHASES)[number][0] | 'elsewhere';

export const phaseOf = (path: string): Phase => PHASES.find(([, of]) => of.test(path))?.[0] ?? 'elsewhere';
