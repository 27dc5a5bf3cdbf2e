import { AWAIT_GO, GO_FD } from './launcher-script.js';
import { demandProgram } from './programs.js';

/**
 * Reports `failed ERRNO` on descriptor 3 and exits if the command cannot be executed: a shell's own message would go to
 * the tool's standard error. An empty entry of PATH is the current directory, also as the last one. Runs in a subshell,
 * like everything that sets variables: the tool's environment may contain variables of the same names.
 */
export const FIND_COMMAND = `( set -f; IFS=:; p=$PATH: e=2
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] && exit; [ -d "$1" ] && exit 21; [ -e "$1" ] && exit 13; exit 2 ;;
esac
for d in $p; do
  f=\${d:-.}/$1
  [ -f "$f" ] && [ -x "$f" ] && exit
  [ -e "$f" ] && e=13
done
exit $e ) || {
  set -- $?
  printf 'ready\\nfailed %s\\n' "$1" >&3
  [ "$1" = 2 ] && exit 127
  exit 126
}`;

/**
 * The first process inside a sandbox: tries each forbidden write, reports on descriptor 3, waits for permission to
 * continue, and runs the tool as a child, so that the tool is not process 1 (which ignores signals it does not handle).
 * `exec` in the subshell keeps shell builtins from being taken for the command. The trap keeps this shell alive when a
 * signal for the tool reaches it too (dash ends at SIGINT even as process 1); unlike `''`, a trap is not inherited.
 */
const shim = (rm: string) => `( n=$1; shift
while [ "$n" -gt 0 ]; do
  if ( : >"$1" ) 2>/dev/null; then ${rm} -f -- "$1"; printf 'written %s\\n' "$1" >&3; exit 125; fi
  shift; n=$((n-1))
done ) || exit
shift "$(($1+1))"
${FIND_COMMAND}
printf 'ready\\n' >&3
${AWAIT_GO}
exec 3>&- 4>&- ${GO_FD}<&-
trap : HUP INT QUIT TERM USR1 USR2
( exec "$@" )
exit $?`;

export function shimCommand(canaries: readonly string[], command: readonly string[]): string[] {
  return ['/bin/sh', '-c', shim(demandProgram('rm')), 'hs', String(canaries.length), ...canaries, ...command];
}
