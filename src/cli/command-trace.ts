import type { Trace, TraceEvent } from '../core/effects.js';
import { errnoMeaning } from '../errors/errno-meaning.js';
import type { Host } from './host.js';
import type { Log } from './io/log.js';
import type { Parts, Tracing } from './parts.js';

/** One line for `--verbose` about an event; undefined for the many events that only a trace contains. */
function sentence({ event, ...facts }: TraceEvent): string | undefined {
  switch (event) {
    case 'store':
      return `store ${facts.root}, as ${facts.actor}`;
    case 'entry':
      return `ledger entry ${facts.seq}: ${facts.type}`;
    case 'exit':
      return `took ${facts.ms} ms`;
    default:
      return undefined;
  }
}

/** Opens the trace given by `HS_TRACE`; warns if that fails. */
async function asked(host: Host, parts: Parts, log: Log): Promise<Tracing | undefined> {
  const target = host.environment.get('HS_TRACE');
  if (target === undefined || target === '' || target === '0') return undefined;
  try {
    return await parts.trace(target);
  } catch (e) {
    log.warn(`cannot write the trace to '${target}': ${errnoMeaning(e)}`);
    return undefined;
  }
}

/** Starts `--verbose` and, if requested, the trace; returns parts whose disk and requests are traced too. */
export async function startTrace(
  host: Host,
  parts: Parts,
  log: Log,
): Promise<{ readonly trace: Trace; readonly parts: Parts }> {
  const tracing = await asked(host, parts, log);
  return {
    trace: (event) => {
      tracing?.trace(event);
      const said = sentence(event);
      if (said !== undefined) log.detail(said);
    },
    parts:
      tracing === undefined
        ? parts
        : {
            ...parts,
            disk: async () => tracing.disk(await parts.disk()),
            stores: (surroundings) => parts.stores({ ...surroundings, trace: tracing.trace }),
          },
  };
}
