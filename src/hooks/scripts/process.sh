#!/bin/sh
# Reads time and processes from /proc, without starting a process.

# Sets `now` to the hundredths of a second since the boot, a clock that is never set back.
clock() {
  read -r uptime _ </proc/uptime
  now=$((${uptime%.*} * 100 + 1${uptime#*.} - 100))
}

# The name of the program stands in brackets and may hold blanks and brackets, so fields are counted from the last bracket.
set_fields() {
  # shellcheck disable=SC2086 # The fields are to be split.
  set -- ${1##*) }
  # shellcheck disable=SC2034 # The callers use them.
  state=$1 parent_pid=$2 session=$4 born=${20}
}

read_stat() {
  { IFS= read -r line <"$1"; } 2>/dev/null || return 1
  # The name of the program may even hold a line break.
  case $line in *') '*) ;; *) line=$(cat "$1" 2>/dev/null) ;; esac
  # shellcheck disable=SC2034 # The callers use it.
  pid=${line%% *}
  set_fields "$line"
}
