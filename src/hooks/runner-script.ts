/**
 * The detached runner, as POSIX shell text for dash, bash, and busybox. It lives in the pod beside the hook, so it outlasts
 * whoever started it: it runs the hook once, writes its output to the log, keeps the log short, and holds the time limit.
 *
 * Arguments: the run's folder, the hook's script, the limit in hundredths of a second, the log, and the hook's own arguments.
 */
export const RUNNER_SCRIPT = `
# The environment and the mask as they came: a variable of the workspace may have the name of one of ours.
PERENNIAL_ENVIRONMENT=$(printf 'umask ' && umask && export -p)
umask 077
folder=$1 script=$2 limit=$3 log=$4
shift 4
exec 2>>"$folder/errors"

main() {
  claim || exit 0
  open_log
  count_kills
  kills_before=$kills
  set -- sh "$script" "$folder/report" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
  watch &
  watcher=$!
  # Not with &, by which it would ignore interrupts.
  (start_hook "$@") </dev/null >>"$log" 2>&1
  code=$?
  # The watcher is told, not killed: it may be cutting the log, or ending what the hook left at its time limit.
  kill -TERM "$watcher" 2>/dev/null
  wait "$watcher"
  cut_log
  note_kills
  publish "$code"
}

# A hard link is made once or not at all, and with its content: whoever makes it runs the hook, and no moment exists in which
# the hook is taken but nobody can tell by whom.
claim() {
  read -r line </proc/$$/stat
  clock
  set_fields "$line"
  began=$now
  printf '%s %s %s\\n' "$$" "$born" "$now" >"$folder/claim.$$" && ln "$folder/claim.$$" "$folder/began"
}

# A full or read-only home is no reason not to run the hook.
open_log() {
  # Whatever an earlier pod of the same build wrote is over: the hook runs anew, and its lines stand there once.
  { [ -d "\${log%/*}" ] || mkdir -p "\${log%/*}"; } && true >"$log" && return
  printf 'warning: the output could not be written to %s\\n' "$log" >>"$folder/report"
  log=$folder/output
  true >>"$log"
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
    printf 'warning: out of memory: the kernel ended %s process(es) meanwhile\\n' "$((kills - kills_before))" >>"$folder/report"
}

start_hook() {
  read -r pid rest </proc/self/stat
  printf '%s\\n' "$pid" >"$folder/pid"
  eval "$PERENNIAL_ENVIRONMENT"
  exec "$@"
}

watch() {
  stopped= pause=0.3
  trap 'stopped=1' TERM
  while [ -z "$stopped" ]; do
    sleep "$pause" 2>/dev/null &
    # Not every sleep takes fractions.
    wait $! || pause=1
    cut_log
    clock
    [ "$((now - began))" -lt "$limit" ] || end_hook || return
  done
}

# The hook is held meanwhile: what it wrote between the reading and the shortening would be lost.
cut_log() {
  [ -s "$log" ] && [ "$(wc -c <"$log")" -gt 10485760 ] || return 0
  signal_hook STOP
  shorten_log
  signal_hook CONT
}

# Written over in place and then shortened, never replaced: the hook holds this very file open.
shorten_log() {
  tail -c 8388608 "$log" >"$folder/tail" || return 0
  printf '[perennial: this log passed 10 MiB; its beginning was cut here]\\n' >"$folder/kept"
  tail -n +2 "$folder/tail" >"$folder/lines"
  # Output without any line break is kept as it is.
  [ -s "$folder/lines" ] || mv -f "$folder/tail" "$folder/lines"
  if cat "$folder/lines" >>"$folder/kept"; then
    echo 0 >"$folder/from"
    dd if="$folder/kept" of="$log" bs=65536 conv=notrunc 2>/dev/null
    dd if=/dev/null of="$log" bs=1 seek="$(wc -c <"$folder/kept")" 2>/dev/null
  fi
  rm -f "$folder/tail" "$folder/lines" "$folder/kept"
}

# Fails when it has ended the hook, so that the watch ends too.
end_hook() {
  list_members
  case " $members" in *" $hook "*) ;; *) return 0 ;; esac
  : >"$folder/limit"
  signal_hook TERM
  wait_for_none 500 || { signal_hook KILL; wait_for_none 200; }
  # What cannot be ended (it runs as another user, or hangs in the kernel) must not hold up the build.
  [ -z "$members" ] || publish 137
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
  { read -r hook <"$folder/pid"; } 2>/dev/null || return
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

read_stat() {
  { IFS= read -r line <"$1"; } 2>/dev/null || return 1
  # A program's name may even hold a line break.
  case $line in *') '*) ;; *) line=$(cat "$1" 2>/dev/null) ;; esac
  pid=\${line%% *}
  set_fields "$line"
}

# A program's name stands in brackets and may itself hold blanks and brackets; the fields are counted from the last one on.
set_fields() {
  set -- \${1##*) }
  state=$1 parent=$2 session=$4 born=\${20}
}

# Hundredths of a second since the machine's start: never set back, and no process is needed to read it.
clock() {
  read -r uptime idle </proc/uptime
  now=$((\${uptime%.*} * 100 + 1\${uptime#*.} - 100))
}

# What was told once is not changed.
publish() {
  set -C
  printf '%s\\n' "$1" >"$folder/exit"
}

main "$@"
exit 0
`;
