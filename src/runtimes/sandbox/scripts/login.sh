#!/bin/sh
# Starts the login shell $0 of the user, or `sh` where that is missing or runs no commands.
# Settings: PERENNIAL_PATH, where the image sets a PATH; PERENNIAL_READ_PROFILES and PERENNIAL_COMPLETE_PATH, the texts of read-profiles.sh
# and complete-path.sh; PATH begins with the programs of the workspace where these were injected.
#
# The C shells accept no option beside the one for a login. The small shells return the terminal to the process group in which they began,
# and fail at their end where that group is outside and has no number inside. So they begin as a job, in a group of their own, of a shell
# that fails in their place.

case $("$0" -c 'echo yes' </dev/null 2>/dev/null) in *yes) shell=$0 ;; *) shell=$(command -v sh) ;; esac
export SHELL="$shell"
bin=${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}/bin
case $PATH: in "$bin":*) export "PERENNIAL_PATH=$bin${PERENNIAL_PATH:+:$PERENNIAL_PATH}" ;; esac
[ -n "${PERENNIAL_PATH:-}" ] || unset PERENNIAL_COMPLETE_PATH PERENNIAL_READ_PROFILES

rc=${PERENNIAL_RUN_DIR:-/run/perennial}/login
write_rc() {
  { printf '%s\n' "$PERENNIAL_READ_PROFILES" >"$rc.$$" && mv -f "$rc.$$" "$rc"; } 2>/dev/null &&
    unset PERENNIAL_PATH PERENNIAL_COMPLETE_PATH PERENNIAL_READ_PROFILES
}
set -- "$shell" -l
name=${shell##*/} terminal=
[ ! -t 0 ] || terminal=terminal
case ${PERENNIAL_PATH:+set},$terminal,$name in
  set,terminal,bash) ! write_rc || set -- "$shell" --rcfile "$rc" -i ;;
  set,terminal,sh | set,terminal,dash | set,terminal,ash | set,terminal,ksh | set,terminal,mksh)
    ! write_rc || { export "ENV=$rc" && set -- "$shell" -i; }
    ;;
esac
# shellcheck disable=SC2016 # The login shell expands it.
case ${PERENNIAL_PATH:+set},$name in
  *,csh | *,tcsh) ;;
  set,*) set -- "$@" -c 'exec sh -c "$PERENNIAL_COMPLETE_PATH"' ;;
esac
case ${shell##*/} in
  sh | dash | ash | busybox) [ -t 0 ] || exec "$@" ;;
  *) exec "$@" ;;
esac
exec 4>&1 5>&2
# shellcheck disable=SC2016 # The inner shell expands it.
code=$(sh -c 'set -m; "$@" >&4 2>&5 4>&- 5>&-; echo "$?"' sh "$@" 2>/dev/null)
exit "${code:-1}"
