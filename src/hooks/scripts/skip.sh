#!/bin/sh
# The first part of a poll: finds the folder of the run, and ends the poll when there is nothing to run, without a runner.
# Arguments: see poll.sh. Uses run-folder.sh, and is_idle and print_idle_reason of the step.

step=$1 build=$2 limit=$3 wait_limit=$4 known=$5
shift 5
log=$HOME/.perennial/logs/build-$build/$step.log

# The file `began` decides for all polls of this pod, whatever changes later: an empty one says that there was nothing to run, and a
# runner's is never empty.
skip() {
  [ -e "$folder/began" ] || { is_idle "$@" && create_new "$folder/began" && clear_log && remove_old_logs; }
  is_skipped
}

# Checked twice: a hook that removes the file between two checks has not emptied it.
is_skipped() {
  [ -f "$folder/began" ] && [ ! -s "$folder/began" ] && [ -f "$folder/began" ] && [ ! -s "$folder/began" ]
}

# Fails when the file exists.
create_new() {
  set -C
  { true >"$1"; } 2>/dev/null
  set -- $?
  set +C
  return "$1"
}

# Output of an earlier pod of the same build is obsolete.
clear_log() {
  [ ! -f "$log" ] || [ -L "$log" ] || [ ! -s "$log" ] || true >"$log"
} 2>/dev/null

# Keeps the last ten builds. In the background, as the folders may hold any number of files.
remove_old_logs() {
  [ -L "$HOME/.perennial" ] || [ -L "$HOME/.perennial/logs" ] || (
    cd "$HOME/.perennial/logs" || exit
    set --
    for old in build-[1-9]*; do
      case ${old#build-} in *[!0-9]* | ??????????*) continue ;; esac
      [ "${old#build-}" -gt "$((build - 10))" ] || set -- "$@" "$old"
    done
    [ $# = 0 ] || rm -rf "$@" &
  ) </dev/null >/dev/null 2>&1
}

print_skipped() {
  printf 'state ended\nexit 0\nreport skipped: '
  print_idle_reason
  printf '\n'
}

find_run_folder || exit 0
skip "$@" && print_skipped && exit 0
