import { FOLDER_SCRIPT } from './folder-script';
import { LOG_SCRIPT } from './log-script';
import { PROCESS_SCRIPT } from './process-script';

/**
 * The detached runner, as POSIX shell text for dash, bash, and busybox. It lives in the pod beside the hook, so it outlasts
 * whoever started it: it runs the hook once, writes its output to the log, keeps the log short, and holds the time limit.
 *
 * It has its own text and the hook's in its environment, so that it needs no file to begin, and the run's folder in its name, so that
 * it is found also when that folder is gone. What it knows it holds open, and puts back what others remove.
 *
 * Arguments: step, build, the limit in hundredths of a second, and the hook's own arguments. Open files: 3 is the report, 4 the log, 6
 * the hook's process number, 7 its exit code.
 */
export const RUNNER_SCRIPT = `
# The environment and the mask as they came: a variable of the workspace may have the name of one of ours.
PERENNIAL_ENVIRONMENT=$(printf 'umask ' && umask && export -p)
umask 077
folder=\${0#perennial-hook:} step=$1 build=$2 limit=$3
shift 3
log_max=10485760 log_kept=8388608 log_limit='10 MiB'

main() {
  entered=1
  claim || return
  rm -f "$folder/report" "$folder/pid" "$folder/exit.new" "$folder/output" "$folder/end"
  # The first block of each is taken now, as the hook may fill the disk.
  printf '\\n' >"$folder/report"
  printf '\\n' >"$folder/exit.new"
  with_files "$@" 3<>"$folder/report" 6<>"$folder/pid" 7<>"$folder/exit.new"
  [ -n "$opened" ] || with_files "$@" 3>/dev/null 6>/dev/null 7>/dev/null
}

# A hard link is made once or not at all, and with its content: whoever makes it runs the hook, and no moment exists in which
# the hook is taken but nobody can tell by whom.
claim() {
  read_stat /proc/$$/stat
  clock
  began=$now code= opened=
  claimed="$$ $born $began"
  printf '%s\\n' "$claimed" >"$folder/claim.$$" && ln "$folder/claim.$$" "$folder/began"
}

# A full or read-only home is no reason not to run the hook, and whatever lies in the log's place is none to wait.
with_files() {
  opened=1 logged=
  clear_place && with_log "$@" 4<>"$log"
  [ -z "$logged" ] || return
  say "warning: the output could not be written to $HOME/.perennial/logs/build-$build/$step.log"
  # Perhaps in memory.
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
  set -- sh -c 'eval "$PERENNIAL_HOOK"' "$step" "$folder" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
  watch &
  watcher=$!
  # Not with &, by which it would ignore interrupts.
  (start_hook "$@") </dev/null >>/proc/self/fd/4 2>&1
  code=$?
  # The watcher is told, not killed: it may be cutting the log, or ending what the hook left at its time limit.
  kill -TERM "$watcher" 2>/dev/null
  wait "$watcher"
  cut_log
  note_kills
  keep_record
  publish
  linger &
}

say() {
  printf '%s\\n' "$1" >&3
}

# The kernel tells nobody but the one whose process it was; the pod looks as well as before. Of cgroup v2, or of v1.
count_kills() {
  kills=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "\${PERENNIAL_ROOTFS:-}$file" ] || continue
    while read -r key value; do [ "$key" != oom_kill ] || kills=$value; done <"\${PERENNIAL_ROOTFS:-}$file"
  done
}

note_kills() {
  count_kills
  [ "$kills" -le "$kills_before" ] ||
    say "warning: out of memory: the kernel ended $((kills - kills_before)) process(es) meanwhile"
}

start_hook() {
  read -r pid rest </proc/self/stat
  printf '%s\\n' "$pid" >&6
  eval "$PERENNIAL_ENVIRONMENT"
  exec "$@" 4>&- 6>&- 7>&-
}

watch() {
  stopped= pause=0.3
  trap 'stopped=1' TERM
  while [ -z "$stopped" ]; do
    sleep "$pause" 2>/dev/null &
    # Not every sleep takes fractions.
    wait $! || pause=1
    cut_log
    keep_record
    clock
    [ "$((now - began))" -lt "$limit" ] || end_hook || return
  done
}

# What the hook left running may write on, and clean up.
linger() {
  while list_members; [ -n "$members" ]; do
    sleep 5
    cut_log
    keep_record
    publish
  done
}

# A hook that empties all places which it may write to must not have the hook begin a second time. Each file comes with its content,
# as somebody may be reading.
keep_record() {
  [ ! -s "$folder/began" ] || [ ! "$folder/report" -ef /proc/self/fd/3 ] || return 0
  make_folder "\${folder%/.perennial-*}" || return 0
  cat /proc/self/fd/3 >"$folder/report.new" && mv -f "$folder/report.new" "$folder/report"
  [ ! -s "$folder/began" ] || return 0
  rm -f "$folder/claim.$$"
  printf '%s\\n' "$claimed" >"$folder/claim.$$" && ln "$folder/claim.$$" "$folder/began"
} 2>/dev/null

# Fails when it has ended the hook, so that the watch ends too.
end_hook() {
  list_members
  case " $members" in *" $hook "*) ;; *) return 0 ;; esac
  say limit
  signal_hook TERM
  wait_for_none 500 || { signal_hook KILL; wait_for_none 200; }
  # What cannot be ended (it runs as another user, or hangs in the kernel) must not hold up the build.
  [ -z "$members" ] || { code=137 && publish; }
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

# All that lives in the hook's session, and all that descends from it; without setsid there is no session of its own.
list_members() {
  members=
  { read -r hook </proc/self/fd/6; } 2>/dev/null || return
  family=" $hook " grown=1
  while [ -n "$grown" ]; do
    grown=
    for stat in /proc/[0-9]*/stat; do
      read_stat "$stat" || continue
      case " $members" in *" $pid "*) continue ;; esac
      case $family in *" $pid "* | *" $parent "*) ;; *) [ "$session" = "$hook" ] || continue ;; esac
      case $state in Z | X) continue ;; esac
      family="$family$pid " members="$members$pid " grown=1
    done
  done
}

# What was told once is not changed. Where the disk is full by now, the block that was taken at the beginning has room.
publish() {
  [ ! -s "$folder/exit" ] || return 0
  keep_end
  read -r told </proc/self/fd/7
  [ -z "$told" ] || code=$told
  printf '%s\\n' "$code" 1<>/proc/self/fd/7
  [ "$folder/exit.new" -ef /proc/self/fd/7 ] || printf '%s\\n' "$code" >"$folder/exit.new"
  ln "$folder/exit.new" "$folder/exit"
} 2>/dev/null
${LOG_SCRIPT}
${FOLDER_SCRIPT}
${PROCESS_SCRIPT}
find_uid
entered=
main "$@" 2<>"$folder/errors"
[ -n "$entered" ] || main "$@"
exit 0
`;
