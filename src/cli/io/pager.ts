import type { Pager } from '../../fsx/pager-process.js';
import type { Command } from '../command.js';
import type { Host } from '../host.js';
import type { Invocation } from '../parse/parse.js';

/** The pager for a command's list on a terminal; `HS_PAGER` before `PAGER`, as in git. */
export async function pagerFor(
  host: Host,
  { spec }: Command,
  { globals, options }: Invocation,
): Promise<Pager | undefined> {
  const pages = typeof spec.pages === 'function' ? spec.pages(options) : spec.pages === true;
  if (!pages || globals.noPager || globals.json || globals.jsonl || globals.nul) return undefined;
  const { environment } = host;
  if (!host.isTerminal('stdout') || environment.get('TERM') === 'dumb') return undefined;
  return host.startPager(environment.get('HS_PAGER') ?? environment.get('PAGER'));
}
