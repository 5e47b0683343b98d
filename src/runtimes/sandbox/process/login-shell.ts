import type { PodRecord } from '../store/sandbox-record';

/**
 * The command of a terminal in which none is named, and what it reads from its environment. It runs the user's login shell; where that
 * is not there, or runs no commands, `sh` takes its place.
 *
 * The system's profile sets the search path afresh, so where the image has one of its own, a login shell that runs no more than the
 * profiles gives way to an interactive one whose path is complete again.
 */
export function loginShell({ user, env }: PodRecord): { argv: string[]; env: Record<string, string> } {
  const paths: Record<string, string> = env.PATH ? { PERENNIAL_PATH: env.PATH, PERENNIAL_COMPLETE_PATH: COMPLETE_PATH } : {};
  return { argv: ['sh', '-c', LOGIN, user.shell], env: paths };
}

// The C shells know no options beside the one for a login. The small shells want to give the terminal back to the process group in which
// they began, and fail at their end where that is outside and has no number inside; so they begin as a job, in a group of their own,
// of a shell that then fails in their place.
const LOGIN = `
case $("$0" -c 'echo yes' </dev/null 2>/dev/null) in *yes) shell=$0 ;; *) shell=$(command -v sh) ;; esac
export SHELL="$shell"
set -- "$shell" -l
case \${PERENNIAL_PATH:+set},\${shell##*/} in
  *,csh | *,tcsh) ;;
  set,*) set -- "$@" -c 'exec sh -c "$PERENNIAL_COMPLETE_PATH"' ;;
esac
case \${shell##*/} in
  sh | dash | ash | busybox) [ -t 0 ] || exec "$@" ;;
  *) exec "$@" ;;
esac
exec 4>&1 5>&2
code=$(sh -c 'set -m; "$@" >&4 2>&5 4>&- 5>&-; echo "$?"' sh "$@" 2>/dev/null)
exit "\${code:-1}"
`;

const COMPLETE_PATH = `
missing=
set -f
IFS=:
for folder in $PERENNIAL_PATH; do
  case ":$PATH:" in *":$folder:"*) ;; *) missing=$missing$folder: ;; esac
done
PATH=$missing$PATH
unset PERENNIAL_PATH PERENNIAL_COMPLETE_PATH IFS
exec "$SHELL"
`;
