import { RUNNER_SCRIPT } from './runner-script';

/**
 * One visit to a hook's run, as shell text for `sh -s`: it starts the runner if none has begun, waits a while for the end, and
 * tells how things stand. Every visit is the same, so it does not matter whether the one before was cut off.
 *
 * Arguments: step, build, limit and wait in hundredths of a second, and the hook's own arguments.
 */
export function visitScript(hookScript: string): string {
  return `${VISIT}
write_runner() {
  cat <<'PERENNIAL_RUNNER_ENDS'
${RUNNER_SCRIPT}
PERENNIAL_RUNNER_ENDS
}
write_hook() {
  cat <<'PERENNIAL_HOOK_ENDS'
${hookScript}
PERENNIAL_HOOK_ENDS
}
main "$@"
exit 0
`;
}

const VISIT = `
PERENNIAL_ENVIRONMENT=$(export -p)
user_mask=$(umask)
umask 077
step=$1 build=$2 limit=$3 patience=$4
shift 4
# In the pod's own file system, so that it is gone when the pod is; a folder of our own in it, as /tmp is everybody's.
base=\${PERENNIAL_RUN_DIR:-/tmp}/.perennial-$(id -u)
folder=$base/build-$build/$step
log=$HOME/.perennial/logs/build-$build/$step.log

main() {
  own_folder || return
  [ -e "$folder/began" ] || start "$@"
  clock
  until=$((now + patience)) naps=0 began=
  while judge; [ "$state" = running ] || [ "$state" = starting ]; do
    clock
    [ "$now" -lt "$until" ] || break
    nap
  done
  tell
}

# Somebody else's folder, or a link, could have us run or write what others like.
own_folder() {
  mkdir -p "$base" 2>/dev/null
  set -- $(ls -ldn "$base" 2>/dev/null)
  uid=$(id -u)
  [ ! -L "$base" ] && [ "$3" = "$uid" ] && chmod 700 "$base" && mkdir -p "$folder" && return
  found="\${1:-nothing}\${3:+ of user $3}"
  printf 'state refused\\nreason expected a folder of user %s at %s, found %s\\n' "$uid" "$base" "$found"
  return 1
}

# Starting twice is harmless: the runners agree among themselves which of them runs the hook.
start() {
  write_hook >"$folder/hook.$$" && mv -f "$folder/hook.$$" "$folder/hook"
  write_runner >"$folder/runner.$$" && mv -f "$folder/runner.$$" "$folder/runner"
  set -- sh "$folder/runner" "$folder" "$user_mask" "$limit" "$log" "$@"
  command -v setsid >/dev/null 2>&1 && set -- setsid "$@" || trap '' HUP
  # The environment as it came: a variable of the workspace may have the name of one of ours.
  (eval "$PERENNIAL_ENVIRONMENT" && exec "$@") </dev/null >/dev/null 2>>"$folder/errors" &
}

judge() {
  state=ended
  [ ! -e "$folder/exit" ] || return 0
  state=starting
  [ -e "$folder/began" ] || return 0
  read -r pid born began <"$folder/began"
  state=running
  ! lives "$pid" "$born" || return 0
  state=lost
  # It may have ended between the two looks.
  [ ! -e "$folder/exit" ] || state=ended
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
  [ ! -s "$folder/errors" ] || printf 'reason %s\\n' "$(head -n 1 "$folder/errors")"
  [ ! -s "$folder/report" ] || while IFS= read -r line; do printf 'report %s\\n' "$line"; done <"$folder/report"
  tell_output
}

tell_output() {
  [ ! -e "$folder/output" ] || log=$folder/output
  [ -e "$log" ] && [ -e "$folder/began" ] || return
  heading=output
  [ "$(wc -c <"$log")" -le 65536 ] || heading='output cut'
  printf '%s\\n' "$heading"
  tail -c 65536 "$log"
}
`;
