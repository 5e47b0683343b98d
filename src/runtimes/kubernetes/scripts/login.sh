#!/bin/sh
# Starts the login shell of the user, or `sh` where that is missing or allows no login. A login shell takes PATH from the system's profile,
# and the programs of the image are lost, so shells that read profiles get it back.
# Arguments: the texts of read-profiles.sh and complete-path.sh.

shell=${SHELL-}
case ${shell##*/} in nologin | false | true) shell= ;; esac
{ [ -n "$shell" ] && command -v "$shell" >/dev/null 2>&1; } || shell=$(command -v sh)
SHELL=$shell; export SHELL
interactive=; [ ! -t 0 ] || interactive=-i
rc=/run/perennial/login
[ -w "${rc%/*}" ] || rc=${TMPDIR:-/tmp}/perennial-login
name=${shell##*/}
[ -z "$interactive" ] || case $name in
  bash | sh | dash | ash | ksh | mksh)
    { printf '%s\n' "$1" >"$rc.$$" && mv "$rc.$$" "$rc"; } 2>/dev/null || name=
    case $name in
      bash) exec "$shell" --rcfile "$rc" -i ;;
      ?*) ENV=$rc; export ENV; exec "$shell" -i ;;
    esac ;;
esac
case ${shell##*/} in
  bash | sh | dash | ash | ksh | mksh | zsh) exec "$shell" -l -c "$2" "$shell" "$PATH" "$shell" $interactive ;;
esac
exec "$shell" -l
