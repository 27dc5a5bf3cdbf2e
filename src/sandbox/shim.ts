/**
 * The first process inside a sandbox: tries each forbidden write, reports on descriptor 3, closes it,
 * and runs the tool as a child, so that the tool is not process 1 (which ignores signals it does not
 * handle). `exec` in the subshell keeps shell builtins from being taken for the command, and gives the
 * shell's 126 and 127. The trap keeps this shell alive when a signal for the tool reaches it too (dash ends
 * at SIGINT even as process 1); a trap, unlike `''`, is not handed on.
 */
const SHIM = `n=$1; shift
while [ "$n" -gt 0 ]; do
  if ( : >"$1" ) 2>/dev/null; then rm -f -- "$1"; printf 'written %s\\n' "$1" >&3; exit 125; fi
  shift; n=$((n-1))
done
printf 'ready\\n' >&3
exec 3>&- 4>&-
trap : HUP INT QUIT TERM USR1 USR2
( exec "$@" )
exit $?`;

export function shimCommand(canaries: readonly string[], command: readonly string[]): string[] {
  return ['/bin/sh', '-c', SHIM, 'hs', String(canaries.length), ...canaries, ...command];
}
