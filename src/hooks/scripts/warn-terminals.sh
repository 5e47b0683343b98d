#!/bin/sh
# Writes standard input to each terminal of this workspace. A terminal may belong to a program that does not read it, or be held by
# Ctrl-S, so each is written to in the background, for some seconds. Without isolation the processes of others are visible here, so a
# process has to have the workspace's own environment.

line='
'
text=$(cat)
seen=' '
writers=''
for process in /proc/[0-9]*; do
  # The file system and the device; a terminal of another mount has no name here. 88 to 8f are the terminals that programs open.
  terminal=$(stat -Lc '%d:%t:%T' "$process/fd/0" 2>/dev/null) || continue
  case $terminal in *:8[89a-f]:*) ;; *) continue ;; esac
  case $seen in *" $terminal "*) continue ;; esac
  settings=$line$(tr '\0' '\n' 2>/dev/null <"$process/environ")$line || continue
  case $settings in *"${line}CODER_USERNAME=$CODER_USERNAME$line"*) ;; *) continue ;; esac
  case $settings in *"${line}CODER_WORKSPACE_NAME=$CODER_WORKSPACE_NAME$line"*) ;; *) continue ;; esac
  seen="$seen$terminal "
  (printf '\r\n%s\r\n' "$text" >"$process/fd/0") 2>/dev/null &
  writers="$writers $!"
done
[ -n "$writers" ] || exit 0
# shellcheck disable=SC2086 # One word for each process.
(sleep 3 && kill -KILL $writers) >/dev/null 2>&1 &
limit=$!
# shellcheck disable=SC2086 # The same.
wait $writers
kill "$limit" 2>/dev/null
exit 0
