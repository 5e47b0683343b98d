#!/bin/sh
# The detached runner of a hook, for dash, bash, and busybox. It outlives the poll that started it: it runs the hook once, writes its
# output to the log, keeps the log short, and enforces the time limit.
#
# Its own text and the hook's are in its environment, so that it needs no file to begin. The folder of the run is in its name, so that a
# poll finds it also when that folder was removed. It holds its files open and writes them again when they are removed.
#
# Arguments: step, build, the limit in hundredths of a second, and the arguments of the hook. Open files: 3 is the report, 4 the log, 6
# the pid of the hook, 7 its exit code.

. ./environment.sh
folder=${0#perennial-hook:} step=$1 build=$2 limit=$3
shift 3
log_max=10485760 log_kept=8388608 log_limit='10 MiB'

main() {
  entered=1
  claim || return
  for file in report pid exit.new output end; do remove_file "$folder/$file"; done
  # The first block of each is allocated now, as the hook may fill the disk.
  printf '\n' >"$folder/report"
  printf '\n' >"$folder/exit.new"
  with_files "$@" 3<>"$folder/report" 6<>"$folder/pid" 7<>"$folder/exit.new"
  [ -n "$opened" ] || with_files "$@" 3>/dev/null 6>/dev/null 7>/dev/null
}

# Most often there is none, and no program is started.
remove_file() {
  { [ ! -e "$1" ] && [ ! -L "$1" ]; } || rm -f "$1"
}

# A hard link is created once or not at all, and with its content: the runner that creates it runs the hook, and the claim always
# names its runner.
claim() {
  read_stat /proc/$$/stat
  clock
  began=$now code='' opened=''
  claimed="$$ $born $began"
  printf '%s\n' "$claimed" >"$folder/claim.$$" && ln "$folder/claim.$$" "$folder/began"
}

# The hook runs also where the home is full or read-only.
with_files() {
  opened=1 logged=
  prepare_log && with_log "$@" 4<>"$log"
  [ -z "$logged" ] || return
  report "warning: the output could not be written to $HOME/.perennial/logs/build-$build/$step.log"
  # The folder of the run may be in memory.
  log_max=1048576 log_kept=524288 log_limit='1 MiB'
  with_log "$@" 4<>"$folder/output"
  [ -n "$logged" ] || run_hook "$@" 4>/dev/null
}

with_log() {
  is_writable || return
  logged=1
  run_hook "$@"
}

run_hook() {
  count_kills
  kills_before=$kills
  # shellcheck disable=SC2016 # The shell of the hook expands it.
  set -- sh -c 'eval "$PERENNIAL_HOOK"' "$step" "$folder" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
  watch &
  watcher=$!
  # Not with &, which would make it ignore interrupts.
  (start_hook "$@") </dev/null >>/proc/self/fd/4 2>&1
  code=$?
  # The watcher ends itself: it may be cutting the log, or ending what the hook left at its time limit.
  kill -TERM "$watcher" 2>/dev/null
  wait "$watcher"
  cut_log
  report_kills
  write_record
  write_exit
  watch_remaining &
}

report() {
  printf '%s\n' "$1" >&3
}

# The kernel reports an out-of-memory kill only to the parent process, so its counter is compared. Of cgroup v2, or of v1.
count_kills() {
  kills=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "${PERENNIAL_ROOTFS:-}$file" ] || continue
    while read -r key value; do [ "$key" != oom_kill ] || kills=$value; done <"${PERENNIAL_ROOTFS:-}$file"
  done
}

report_kills() {
  count_kills
  [ "$kills" -le "$kills_before" ] ||
    report "warning: out of memory: the kernel ended $((kills - kills_before)) process(es) meanwhile"
}

start_hook() {
  read -r pid _ </proc/self/stat
  printf '%s\n' "$pid" >&6
  eval "$PERENNIAL_ENVIRONMENT"
  read_injected
  exec "$@" 4>&- 6>&- 7>&-
}

watch() {
  stopped='' interval=0.3
  trap 'stopped=1' TERM
  while [ -z "$stopped" ]; do
    sleep "$interval" 2>/dev/null &
    # Not every `sleep` accepts fractions.
    wait $! || interval=1
    # The runner does the rest itself.
    [ -z "$stopped" ] || return
    cut_log
    write_record
    clock
    [ "$((now - began))" -lt "$limit" ] || end_hook || return
  done
}

# Processes that the hook left running may write to the log, and remove files.
watch_remaining() {
  while list_members; [ -n "$members" ]; do
    sleep 5
    cut_log
    write_record
    write_exit
  done
}

# Writes the record again when it was removed, so that the hook never begins a second time. Each file appears with its content, as a
# poll may be reading.
write_record() {
  # shellcheck disable=SC3013 # All three shells know -ef.
  [ ! -s "$folder/began" ] || [ ! "$folder/report" -ef /proc/self/fd/3 ] || return 0
  make_folder "${folder%/.perennial-*}" || return 0
  cat /proc/self/fd/3 >"$folder/report.new" && mv -f "$folder/report.new" "$folder/report"
  [ ! -s "$folder/began" ] || return 0
  rm -f "$folder/claim.$$"
  printf '%s\n' "$claimed" >"$folder/claim.$$" && ln "$folder/claim.$$" "$folder/began"
} 2>/dev/null

# Fails when it has ended the hook, which ends the watch.
end_hook() {
  list_members
  case " $members" in *" $hook "*) ;; *) return 0 ;; esac
  report limit
  signal_hook TERM
  wait_for_none 500 || { signal_hook KILL; wait_for_none 200; }
  # A process that cannot be ended (of another user, or hanging in the kernel) must not hold up the build.
  [ -z "$members" ] || { code=137 && write_exit; }
  return 1
}

signal_hook() {
  list_members
  for member in $members; do kill -"$1" "$member"; done
}

wait_for_none() {
  clock
  until=$((now + $1))
  while list_members; [ -n "$members" ]; do
    clock
    [ "$now" -lt "$until" ] || return 1
    sleep 0.1 || sleep 1
  done
}

# The processes of the session of the hook, and all descendants of the hook; without `setsid` it has no session of its own.
list_members() {
  members=
  { read -r hook </proc/self/fd/6; } 2>/dev/null || return
  family=" $hook " grown=1
  while [ -n "$grown" ]; do
    grown=
    for stat in /proc/[0-9]*/stat; do
      read_stat "$stat" || continue
      case " $members" in *" $pid "*) continue ;; esac
      case $family in *" $pid "* | *" $parent_pid "*) ;; *) [ "$session" = "$hook" ] || continue ;; esac
      case $state in Z | X) continue ;; esac
      family="$family$pid " members="$members$pid " grown=1
    done
  done
}

# The first exit code that was written stays. On a full disk it fits into the block that was allocated at the beginning.
write_exit() {
  [ ! -s "$folder/exit" ] || return 0
  save_output_end
  read -r written </proc/self/fd/7
  [ -z "$written" ] || code=$written
  printf '%s\n' "$code" 1<>/proc/self/fd/7
  # shellcheck disable=SC3013 # All three shells know -ef.
  [ "$folder/exit.new" -ef /proc/self/fd/7 ] || printf '%s\n' "$code" >"$folder/exit.new"
  ln "$folder/exit.new" "$folder/exit"
} 2>/dev/null

. ./injected.sh
. ./log.sh
. ./run-folder.sh
. ./process.sh
find_uid
entered=
main "$@" 2<>"$folder/errors"
[ -n "$entered" ] || main "$@"
exit 0
