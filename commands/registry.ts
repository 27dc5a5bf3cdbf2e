import { tableOf } from '../src/cli/command-table.js';
import { groups } from './groups.js';
import { summaries } from './summaries.js';

/** The one table of commands: dispatch, `hs help`, hs(1) and completion read it. */
export const registry = tableOf(groups, summaries);
