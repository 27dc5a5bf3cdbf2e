import { demandProgram } from './programs.js';

/** Descriptor 3 receives the launcher's reports, 4 those of bubblewrap itself. */
export const STATUS_FD = 3;
export const BUBBLEWRAP_FD = 4;
/** Held open as long as hs lives; its end of file, unless preceded by a line, ends everything. */
export const LIFE_FD = 5;
/** The last stage before the tool waits for a line here, and exits at end of file. */
export const GO_FD = 6;
/** Where bubblewrap reads the seccomp filter, if there is one in the scratch directory. */
export const FILTER_FD = 7;
export const FILTER_FILE = 'filter';

/** Shell code of the last stage: runs nothing before hs has agreed, or if hs is gone. */
export const AWAIT_GO = `( read -r go <&${GO_FD} ) || exit 125`;

/**
 * Node gives a child sockets, and `echo >/dev/stderr` fails on a socket (ENXIO); so the tool gets FIFOs, which `cat`
 * copies to those sockets, whatever signal the process group gets. The program that follows keeps this process id.
 *
 * Standard input goes through a FIFO too, never directly: a descriptor is a way past every mount. Reopened through
 * /proc/self/fd/0, a redirected file could be written, a directory walked, and a terminal controlled.
 *
 * The watchdog handles the death of hs: it starts before anything else, and ends the whole process group, such as a
 * bubblewrap that waits forever because its parent was killed before it had asked to die with it. A launcher that
 * cleans up by itself gets two seconds for that.
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
 * Closes descriptors of hs that a child would inherit. Only some shells support descriptors above 9: in the others
 * `exec 30` tries to run a program of that name, which does not exist, and the descriptor stays open.
 */
function closing(inherited: readonly number[]): string {
  return inherited.map((fd) => `( PATH=/; exec ${fd}>&- ) 2>/dev/null && exec ${fd}>&-\n`).join('');
}

export interface LauncherScript {
  readonly scratchDir: string;
  /** Ends the launched program. */
  readonly endWith: NodeJS.Signals;
  /** Descriptors above the launcher's own that the tool must not get. */
  readonly inherited: readonly number[];
  /** An absolute path, or `undefined` if there is none. */
  readonly bash: string | undefined;
}

/** A command to run in front of the launcher's own. */
export function launcherCommand({ scratchDir, endWith, inherited, bash }: LauncherScript): string[] {
  const text = script({
    cat: demandProgram('cat'),
    mkfifo: demandProgram('mkfifo'),
    sleep: demandProgram('sleep'),
  });
  // `-p`: ignores what the environment defines for every bash.
  const shell = inherited.length > 0 && bash !== undefined ? [bash, '-p'] : ['/bin/sh'];
  return [...shell, '-c', closing(inherited) + text, 'hs', scratchDir, endWith.slice('SIG'.length)];
}
