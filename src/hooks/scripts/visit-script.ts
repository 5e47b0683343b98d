import type { HookScript } from '../hook-script';
import { PROCESS_SCRIPT } from './process-script';
import { RUNNER_SCRIPT } from './runner-script';
import { skipScript } from './skip-script';

/**
 * One visit to a hook's run, as shell text for `sh -s`: it starts the runner if none has begun, waits a while for the end, and
 * tells how things stand. Every visit is the same, so it does not matter whether the one before was cut off.
 *
 * Arguments: step, build, limit and wait in hundredths of a second, `known` when an earlier visit found the run (else `new`), and the
 * hook's own arguments.
 */
export function visitScript(hook: HookScript): string {
  return `${skipScript(hook)}${PROCESS_SCRIPT}${VISIT}
PERENNIAL_RUNNER=${quote(RUNNER_SCRIPT)}
PERENNIAL_HOOK=${quote(hook.text)}
main "$@"
exit 0
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const VISIT = `
main() {
  clock
  until=$((now + patience)) naps=0 began= found= runner_pid= code=
  [ -e "$folder/began" ] || find_runner || [ "$known" = known ] || start "$@"
  while judge; [ "$state" = running ] || [ "$state" = starting ]; do
    clock
    [ "$now" -lt "$until" ] || break
    nap
  done
  [ "$state" = skipped ] && tell_skipped || tell
}

# A runner whose record somebody has removed, by its name; it will put the record back.
find_runner() {
  for found in /proc/[0-9]*; do
    [ -O "$found" ] && { IFS= read -r line <"$found/cmdline" || [ -n "$line" ]; } || continue
    case $line in *"perennial-hook:$folder$step$build$limit"*) return 0 ;; esac
  done 2>/dev/null
  found=
  return 1
}

# Starting twice is harmless: the runners agree among themselves which of them runs the hook.
start() {
  remove_old_logs
  set -- sh -c 'eval "$PERENNIAL_RUNNER"' "perennial-hook:$folder" "$step" "$build" "$limit" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@" || trap '' HUP
  # The runner's end wakes us from this sleep, without any asking.
  sleep "$((patience / 100))" </dev/null >/dev/null 2>&1 &
  timer=$!
  { launch "$@"; wake; } </dev/null >/dev/null 2>&1 &
  { wait "$timer"; } 2>/dev/null
}

# What a shell starts with & ignores interrupts, and would pass that on to all that the hook starts. An env that cannot change
# that starts nothing; a runner that was killed is not started again.
launch() {
  (restore && exec env --default-signal=INT,QUIT "$@") 2>/dev/null
  ended=$?
  [ "$ended" = 0 ] || [ "$ended" -gt 128 ] || (restore && exec "$@") 2<>"$folder/errors"
}

restore() {
  cd "$HOME" || cd /
  unset OLDPWD
  eval "$PERENNIAL_ENVIRONMENT"
  export PERENNIAL_RUNNER PERENNIAL_HOOK
}

# Only while the visit lives, the parent of this, the number is certainly that of its sleep.
wake() {
  read -r line </proc/self/stat
  set -- \${line##*) }
  [ "$2" != "$$" ] || kill "$timer"
}

judge() {
  ! read_code "$folder/exit" || return 0
  if [ ! -e "$folder/began" ]; then
    [ "$known" = known ] && state=lost || state=starting
    { [ -n "$found" ] && [ -e "$found/stat" ]; } || find_runner || return 0
    read_code "$found/fd/7" || state=running
    return 0
  fi
  state=skipped
  ! is_skipped || return 0
  state=running
  # Removed a moment ago.
  { read -r runner_pid runner_born began <"$folder/began"; } 2>/dev/null || return 0
  ! lives "$runner_pid" "$runner_born" || return 0
  # It may have ended between the two looks.
  read_code "$folder/exit" || state=lost
}

read_code() {
  [ -s "$1" ] && code=$(head -c 20 "$1" | head -n 1) && [ -n "$code" ] && state=ended
} 2>/dev/null

# The number alone could be another process's by now; a dead one that nobody has collected still has its number.
lives() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  expected=$2
  set -- \${line##*) }
  [ "$1" != Z ] && [ "$1" != X ] && [ "\${20}" = "$expected" ]
}

# Most hooks end at once; those that have run for long may wait a little.
nap() {
  naps=$((naps + 1)) span=0.05
  [ "$naps" -gt 20 ] || span=0.01
  [ -z "$began" ] || [ "$((now - began))" -lt 1000 ] || span=0.2
  [ -z "$began" ] || [ "$((now - began))" -lt 6000 ] || span=1
  sleep "$span" 2>/dev/null || sleep 1
}

# The state is taken before the log is read, else the last lines could be missing. Whatever a hook made of these files, little of them
# is read, and nothing that is no file.
tell() {
  printf 'state %s\\n' "$state"
  [ "$state" != ended ] || printf 'exit %s\\n' "$code"
  [ -z "$began" ] || printf 'ran %s\\n' "$((now - began))"
  if [ -f "$folder/errors" ]; then
    printf 'reason %s\\n' "$(head -c 1000 "$folder/errors" | head -n 1)"
  fi
  # What somebody has removed, the runner still holds open.
  report=$folder/report open=$found/fd
  [ "$state" != running ] || [ -z "$began" ] || open=/proc/$runner_pid/fd
  [ -f "$report" ] || report=$open/3
  if [ -f "$report" ] && [ "$state" != running ]; then
    head -c 16384 "$report" | while IFS= read -r line; do [ -z "$line" ] || printf 'report %s\\n' "$line"; done
  fi
  [ "$state" = starting ] || tell_output
} 2>/dev/null

tell_output() {
  wanted=65536
  [ "$state" != running ] || wanted=4096
  for output in "$folder/end" "$open/4" "$folder/output" "$log"; do
    [ -f "$output" ] && [ -s "$output" ] && { [ "$output" = "$open/4" ] || [ ! -L "$output" ]; } || continue
    printf 'output %s\\n' "$(wc -c <"$output")"
    tail -c "$wanted" "$output"
    return
  done
}
`;
