#!/bin/sh
# Hangs up a shell whose caller is gone: what is in its session gets SIGHUP. The container's runtime starts each command in a session of its
# own, and leaves that alone when the connection is lost. A process with a session of its own is spared, as by a terminal that is closed.
# Argument: the value of PERENNIAL_SHELL_ID in the environment of the shell.

session_of() {
  read -r stat <"/proc/$1/stat" || return
  # shellcheck disable=SC2086 # The fields behind the name are words.
  set -- ${stat##*) }
  session=$4
}

first=
for folder in /proc/[0-9]*; do
  pid=${folder#/proc/}
  tr '\0' '\n' <"$folder/environ" | grep -qxF "PERENNIAL_SHELL_ID=$1" || continue
  if [ -z "$first" ] || [ "$pid" -lt "$first" ]; then first=$pid; fi
done 2>/dev/null
{ [ -n "$first" ] && session_of "$first"; } 2>/dev/null || exit 0
found=$session
for folder in /proc/[0-9]*; do
  pid=${folder#/proc/}
  session_of "$pid" || continue
  [ "$session" != "$found" ] || { kill -HUP "$pid" && kill -CONT "$pid"; }
done 2>/dev/null
exit 0
