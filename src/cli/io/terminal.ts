import type { GlobalValues } from '../globals.js';
import type { Host } from '../host.js';

/** Properties of the terminal, determined once. */
export interface Terminal {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Columns; 80 without a terminal. */
  readonly width: number;
  readonly colour: boolean;
  readonly colourErrors: boolean;
  /** The locale supports more than ASCII. */
  readonly unicode: boolean;
  /** `TERM=dumb`: no cursor movement, so no preview and no progress. */
  readonly dumb: boolean;
}

export function terminalOf(host: Host, when: GlobalValues['color']): Terminal {
  const get = (name: string) => host.environment.get(name) || undefined;
  const dumb = get('TERM') === 'dumb';
  const [stdin, stdout, stderr] = [
    host.isTerminal('stdin'),
    host.isTerminal('stdout'),
    host.isTerminal('stderr'),
  ];
  const colour = (terminal: boolean) => {
    if (when === 'always' || when === 'never') return when === 'always';
    return terminal && !dumb && get('NO_COLOR') === undefined;
  };
  const columns = (stdout ? host.stdout.columns : undefined) || Number(get('COLUMNS')) || 80;
  return {
    stdin,
    stdout,
    stderr,
    width: Math.max(20, Math.min(columns, 1000)),
    colour: colour(stdout),
    colourErrors: colour(stderr),
    unicode: /utf-?8/i.test(get('LC_ALL') ?? get('LC_CTYPE') ?? get('LANG') ?? ''),
    dumb,
  };
}
