#!/bin/sh
# One poll of the run of a hook: starts the runner if none has begun, waits some time for the end, and prints the status. All polls are
# the same, so it does not matter whether an earlier one was cut off.
#
# Arguments: step, build, time limit and longest wait in hundredths of a second, `known` when an earlier poll found the run (else
# `new`), and the arguments of the hook.
# Uses: PERENNIAL_RUNNER and PERENNIAL_HOOK, the texts of both; skip.sh, run-folder.sh, process.sh.
#
# Each program costs a millisecond of the build, so what the shell can do itself starts none.

newline='
'

poll() {
  clock
  until=$((now + wait_limit)) pauses=0 began='' found='' runner_pid='' code=''
  [ -e "$folder/began" ] || find_runner || [ "$known" = known ] || start "$@"
  while read_state; [ "$state" = running ] || [ "$state" = starting ]; do
    clock
    [ "$now" -lt "$until" ] || break
    pause
  done
  if [ "$state" = skipped ]; then print_skipped; else print_status; fi
}

# Finds a runner whose record was removed by its name; it will write the record again.
find_runner() {
  for found in /proc/[0-9]*; do
    [ -O "$found" ] && { IFS= read -r line <"$found/cmdline" || [ -n "$line" ]; } || continue
    case $line in *"perennial-hook:$folder$step$build$limit"*) return 0 ;; esac
  done 2>/dev/null
  found=
  return 1
}

# Starting twice is harmless: only the runner that creates the file `began` runs the hook.
start() {
  remove_old_logs
  # shellcheck disable=SC2016 # The runner expands it.
  set -- sh -c 'eval "$PERENNIAL_RUNNER"' "perennial-hook:$folder" "$step" "$build" "$limit" "$@"
  if command -v setsid >/dev/null 2>&1; then set -- setsid "$@"; else trap '' HUP; fi
  # The end of the runner interrupts this sleep.
  # shellcheck disable=SC2217 # It must not hold the streams of the poll open.
  sleep "$((wait_limit / 100))" </dev/null >/dev/null 2>&1 &
  timer=$!
  { launch "$@"; wake; } </dev/null >/dev/null 2>&1 &
  { wait "$timer"; } 2>/dev/null
}

# A command started with & ignores interrupts, and so would all that the hook starts. An `env` without the option starts nothing; a
# runner that was killed is not started again.
launch() {
  (restore_environment && exec env --default-signal=INT,QUIT "$@") 2>/dev/null
  ended=$?
  [ "$ended" = 0 ] || [ "$ended" -gt 128 ] || (restore_environment && exec "$@") 2<>"$folder/errors"
}

restore_environment() {
  cd "$HOME" || cd /
  unset OLDPWD
  eval "$PERENNIAL_ENVIRONMENT"
  export PERENNIAL_RUNNER PERENNIAL_HOOK
}

# While the poll, the parent of this process, lives, the pid is certainly that of its sleep.
wake() {
  read -r line </proc/self/stat
  # shellcheck disable=SC2086 # The fields are to be split.
  set -- ${line##*) }
  [ "$2" != "$$" ] || kill "$timer"
}

read_state() {
  ! read_code "$folder/exit" || return 0
  if [ ! -e "$folder/began" ]; then
    if [ "$known" = known ]; then state=lost; else state=starting; fi
    { [ -n "$found" ] && [ -e "$found/stat" ]; } || find_runner || return 0
    read_code "$found/fd/7" || state=running
    return 0
  fi
  state=skipped
  ! is_skipped || return 0
  state=running
  # Fails when the file was removed a moment ago.
  { read -r runner_pid runner_born began <"$folder/began"; } 2>/dev/null || return 0
  ! is_alive "$runner_pid" "$runner_born" || return 0
  # It may have ended between the two checks.
  read_code "$folder/exit" || state=lost
}

read_code() {
  [ -s "$1" ] && code=$(head -c 20 "$1") && code=${code%%"$newline"*} && [ -n "$code" ] && state=ended
} 2>/dev/null

# The pid alone may belong to another process by now; a zombie still has its pid.
is_alive() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  expected=$2
  # shellcheck disable=SC2086 # The fields are to be split.
  set -- ${line##*) }
  [ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$expected" ]
}

# Most hooks end within milliseconds; the longer one has run, the longer its end may go unnoticed.
pause() {
  pauses=$((pauses + 1)) span=0.05
  [ "$pauses" -gt 20 ] || span=0.01
  [ -z "$began" ] || [ "$((now - began))" -lt 1000 ] || span=0.2
  [ -z "$began" ] || [ "$((now - began))" -lt 6000 ] || span=1
  sleep "$span" 2>/dev/null || sleep 1
}

# The state was read before the log is, else the last lines could be missing. A hook may have written anything into these files, or put
# anything in their place: only a little is read, and only of plain files.
print_status() {
  printf 'state %s\n' "$state"
  [ "$state" != ended ] || printf 'exit %s\n' "$code"
  [ -z "$began" ] || printf 'ran %s\n' "$((now - began))"
  if [ -f "$folder/errors" ] && [ -s "$folder/errors" ]; then
    printf 'reason %s\n' "$(head -c 1000 "$folder/errors" | head -n 1)"
  fi
  # The runner holds open what was removed.
  report=$folder/report open=$found/fd
  [ "$state" != running ] || [ -z "$began" ] || open=/proc/$runner_pid/fd
  [ -f "$report" ] || report=$open/3
  if [ -f "$report" ] && [ "$state" != running ]; then
    head -c 16384 "$report" | while IFS= read -r line; do [ -z "$line" ] || printf 'report %s\n' "$line"; done
  fi
  [ "$state" = starting ] || print_output
} 2>/dev/null

print_output() {
  wanted=65536
  [ "$state" != running ] || wanted=4096
  for output in "$folder/end" "$open/4" "$folder/output" "$log"; do
    [ -f "$output" ] && [ -s "$output" ] && { [ "$output" = "$open/4" ] || [ ! -L "$output" ]; } || continue
    printf 'output %s\n' "$(wc -c <"$output")"
    tail -c "$wanted" "$output"
    return
  done
}
