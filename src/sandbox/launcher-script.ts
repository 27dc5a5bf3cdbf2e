import { demandProgram } from './programs.js';

/** Descriptor 3 takes the launcher's reports, 4 those of bubblewrap itself. */
export const STATUS_FD = 3;
export const BUBBLEWRAP_FD = 4;
/** Held open for as long as hs lives; its end of file, unless a line came before, ends everything. */
export const LIFE_FD = 5;
/** The last stage before the tool waits for a line here, and ends at the end of file. */
export const GO_FD = 6;
/** Where bubblewrap reads the seccomp filter, if there is one in the scratch directory. */
export const FILTER_FD = 7;
export const FILTER_FILE = 'filter';

/** In a shell that is the last stage: nothing is run before hs has said so, or when hs is gone. */
export const AWAIT_GO = `( read -r go <&${GO_FD} ) || exit 125`;

/**
 * Node gives a child sockets, and `echo >/dev/stderr` fails on a socket (ENXIO); so what the tool gets
 * are FIFOs, which `cat` empties into those sockets, whatever signal the process group gets. The program
 * that follows keeps this process id.
 *
 * Standard input comes through a FIFO too, never as it is: a descriptor is a way past every mount. Opened
 * again through /proc/self/fd/0, a file that was redirected could be written, a directory walked, and a
 * terminal steered.
 *
 * The watchdog is for a hs that is killed: it is there before anything else is, and ends the whole process
 * group, such as a bubblewrap that waits for ever for a parent that was killed before it had asked to die
 * with it. A launcher with an ending of its own gets two seconds for that.
 */
const script = (helpers: Readonly<Record<'cat' | 'mkfifo' | 'sleep', string>>) => `d=$1 ending=$2; shift 2
trap '' HUP INT QUIT PIPE TERM USR1 USR2
( exec </dev/null >/dev/null 2>&1 3>&- 4>&- 6<&-
  read -r over <&5 && exit
  if [ "$ending" != KILL ]; then
    kill -s "$ending" $$
    n=20; while [ "$n" -gt 0 ] && kill -s 0 $$; do ${helpers.sleep} 0.1; n=$((n-1)); done
  fi
  kill -s KILL 0
) &
exec 5<&-
${helpers.mkfifo} -m 600 "$d/stdin" "$d/stdout" "$d/stderr" || exit
exec 8<&0 </dev/null
${helpers.cat} <"$d/stdout" 3>&- 4>&- 6<&- 8<&- & ${helpers.cat} <"$d/stderr" >&2 3>&- 4>&- 6<&- 8<&- &
${helpers.cat} <&8 >"$d/stdin" 2>/dev/null 3>&- 4>&- 6<&- 8<&- &
trap - HUP INT QUIT PIPE TERM USR1 USR2
[ ! -e "$d/${FILTER_FILE}" ] || exec ${FILTER_FD}<"$d/${FILTER_FILE}"
exec "$@" <"$d/stdin" >"$d/stdout" 2>"$d/stderr" 8<&-`;

/**
 * Closes what hs has open and a child would inherit. Only some shells know descriptors above 9: for the
 * others `exec 30` runs a program of that name, which is not there, and the descriptor stays as it is.
 */
function closing(inherited: readonly number[]): string {
  return inherited.map((fd) => `( PATH=/; exec ${fd}>&- ) 2>/dev/null && exec ${fd}>&-\n`).join('');
}

export interface LauncherScript {
  readonly scratchDir: string;
  /** Ends the program that is launched. */
  readonly endWith: NodeJS.Signals;
  /** Descriptors above those of the launcher that the tool must not get. */
  readonly inherited: readonly number[];
  /** An absolute path, or `undefined` where there is none. */
  readonly bash: string | undefined;
}

/** A command in front of the launcher's own. */
export function launcherCommand({ scratchDir, endWith, inherited, bash }: LauncherScript): string[] {
  const text = script({
    cat: demandProgram('cat'),
    mkfifo: demandProgram('mkfifo'),
    sleep: demandProgram('sleep'),
  });
  // `-p`: without what the environment may have for every bash.
  const shell = inherited.length > 0 && bash !== undefined ? [bash, '-p'] : ['/bin/sh'];
  return [...shell, '-c', closing(inherited) + text, 'hs', scratchDir, endWith.slice('SIG'.length)];
}
