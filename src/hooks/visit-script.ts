import { RUNNER_SCRIPT } from './runner-script';
import { skipScript } from './skip-script';

/** A hook step as shell text. The arguments of the step are those that follow the common ones. */
export interface HookScript {
  /** A command that succeeds when there is certainly nothing to run; it has the step's arguments. */
  isIdle: string;
  /** Why it is skipped then; without quotes. */
  idleReason: string;
  /** What the runner runs; it has the path of the report and the step's arguments. */
  text: string;
}

/**
 * One visit to a hook's run, as shell text for `sh -s`: it starts the runner if none has begun, waits a while for the end, and
 * tells how things stand. Every visit is the same, so it does not matter whether the one before was cut off.
 *
 * Arguments: step, build, limit and wait in hundredths of a second, and the hook's own arguments.
 */
export function visitScript(hook: HookScript): string {
  return `${skipScript(hook)}${VISIT}
write_scripts() {
  printf '%s' ${quote(RUNNER_SCRIPT)} >"$folder/runner.$$" &&
    printf '%s' ${quote(hook.text)} >"$folder/hook.$$"
}
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
  until=$((now + patience)) naps=0 began=
  [ -e "$folder/began" ] || start "$@"
  while judge; [ "$state" = running ] || [ "$state" = starting ]; do
    clock
    [ "$now" -lt "$until" ] || break
    nap
  done
  [ "$state" = skipped ] && tell_skipped || tell
}

# Starting twice is harmless: the runners agree among themselves which of them runs the hook.
start() {
  # Nothing is written over: a shell may be reading what a visit of the same number left.
  set -C
  write_scripts 2>>"$folder/errors" || return
  set +C
  set -- sh "$folder/runner.$$" "$folder" "$folder/hook.$$" "$limit" "$log" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@" || trap '' HUP
  # The runner's end wakes us from this sleep, without any asking.
  sleep "$((patience / 100))" </dev/null >/dev/null 2>&1 &
  timer=$!
  { launch "$@"; wake; } </dev/null >/dev/null 2>&1 &
  { wait "$timer"; } 2>/dev/null
}

# What a shell starts with & ignores interrupts, and would pass that on to all that the hook starts. An env that cannot change
# that starts nothing.
launch() {
  (restore && exec env --default-signal=INT,QUIT "$@") 2>/dev/null || (restore && exec "$@") 2>>"$folder/errors"
}

restore() {
  cd "$HOME" || cd /
  unset OLDPWD
  eval "$PERENNIAL_ENVIRONMENT"
}

# Only while the visit lives, the parent of this, the number is certainly that of its sleep.
wake() {
  read -r line </proc/self/stat
  set -- \${line##*) }
  [ "$2" != "$$" ] || kill "$timer"
}

judge() {
  state=ended
  [ ! -s "$folder/exit" ] || return 0
  state=starting
  [ -e "$folder/began" ] || return 0
  state=skipped
  [ -s "$folder/began" ] || return 0
  read -r pid born began <"$folder/began"
  state=running
  ! lives "$pid" "$born" || return 0
  state=lost
  # It may have ended between the two looks.
  [ ! -s "$folder/exit" ] || state=ended
}

# The number alone could be another process's by now; a dead one that nobody has collected still has its number.
lives() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  expected=$2
  set -- \${line##*) }
  [ "$1" != Z ] && [ "$1" != X ] && [ "\${20}" = "$expected" ]
}

clock() {
  read -r uptime idle </proc/uptime
  now=$((\${uptime%.*} * 100 + 1\${uptime#*.} - 100))
}

# Most hooks end at once; those that do not may wait for a look every 50 ms.
nap() {
  naps=$((naps + 1))
  [ "$naps" -gt 20 ] && span=0.05 || span=0.01
  sleep "$span" 2>/dev/null || sleep 1
}

# The state is taken before the log is read, else the last lines could be missing.
tell() {
  printf 'state %s\\n' "$state"
  if [ "$state" = ended ]; then
    read -r code <"$folder/exit"
    printf 'exit %s\\n' "$code"
  fi
  [ ! -e "$folder/limit" ] || printf 'limit\\n'
  [ -z "$began" ] || printf 'ran %s\\n' "$((now - began))"
  if [ -s "$folder/errors" ]; then
    IFS= read -r line <"$folder/errors"
    printf 'reason %s\\n' "$line"
  fi
  [ ! -s "$folder/report" ] || while IFS= read -r line; do printf 'report %s\\n' "$line"; done <"$folder/report"
  tell_output
}

# One byte more than is wanted shows that there is more.
tell_output() {
  [ ! -e "$folder/output" ] || log=$folder/output
  [ -s "$log" ] && [ -e "$folder/began" ] || return
  printf 'output\\n'
  tail -c 65537 "$log"
}
`;
