import type { Command, CommandClass } from './command.js';

/** Loads one command. */
type Load = () => Promise<Command>;

/** Commands by heading, then by name. */
export type CommandGroups = Readonly<Record<string, Readonly<Record<string, Load>>>>;

/** What `hs help` and completion show for a command without loading it. */
export interface CommandSummary {
  readonly class: CommandClass;
  readonly summary: string;
  readonly hidden?: true;
}

/** One line of the table. */
export interface TableEntry extends CommandSummary {
  /** The heading under which `hs help` and hs(1) list it. */
  readonly group: string;
  readonly load: Load;
}

export type CommandTable = Readonly<Record<string, TableEntry>>;
export type CommandSummaries = Readonly<Record<string, CommandSummary>>;

/** The error for a command without a summary, which `npm run man` generates. */
export function tableOf(groups: CommandGroups, summaries: CommandSummaries): CommandTable {
  const table: Record<string, TableEntry> = {};
  for (const [group, commands] of Object.entries(groups)) {
    for (const [name, load] of Object.entries(commands)) {
      const summary = summaries[name];
      if (summary === undefined) throw new Error(`commands/summaries.ts lacks '${name}': npm run man`);
      table[name] = { ...summary, group, load };
    }
  }
  return table;
}

/** The summaries as defined by the commands; loads every command. */
export async function loadSummaries(groups: CommandGroups): Promise<CommandSummaries> {
  const summaries: Record<string, CommandSummary> = {};
  for (const [name, load] of Object.values(groups).flatMap((commands) => Object.entries(commands))) {
    const { spec } = await load();
    summaries[name] = {
      class: spec.class,
      summary: spec.summary,
      ...(spec.hidden === undefined ? {} : { hidden: spec.hidden }),
    };
  }
  return summaries;
}
