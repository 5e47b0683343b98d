#!/bin/sh
# Prints the uid that the image runs with, and of its user the name, uid, gid, home, and shell, a line each. The user is that of the name
# $1, or else of the uid. A shell that is missing, or allows no login, is replaced by `sh`. All programs are found by PATH.

[ -r /etc/passwd ] || exit 1
# To `command -v` of some shells, `sh` is built in.
path_of_sh() (
  IFS=:
  for dir in $PATH; do [ ! -x "$dir/sh" ] || { echo "$dir/sh"; exit; }; done
)
own=$(id -u)
printf '%s\n' "$own"
while IFS=: read -r name _ uid gid _ home shell || [ -n "$name" ]; do
  if [ -n "$1" ]; then [ "$name" = "$1" ] || continue
  else [ "$uid" = "$own" ] || continue; fi
  case ${shell##*/} in '' | nologin | false | true | sync | halt | shutdown) shell= ;; esac
  { [ -n "$shell" ] && [ -x "$shell" ]; } || shell=$(path_of_sh)
  printf '%s\n' "$name" "$uid" "$gid" "$home" "$shell"
  exit 0
done </etc/passwd
