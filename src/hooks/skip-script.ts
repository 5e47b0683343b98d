import type { HookScript } from './visit-script';

/**
 * How every visit begins, as shell text: it finds the folder of the run, and where there is nothing to run it says so and ends,
 * without any runner. Only `mkdir` is started, and that once in a pod's life. What else a visit has comes after this text, as a
 * shell reads on only when it needs more.
 */
export function skipScript({ isIdle, idleReason }: HookScript): string {
  return `${FOLDER}
is_idle() {
  ${isIdle}
}
tell_skipped() {
  printf 'state ended\\nexit 0\\nreport skipped: %s\\n' '${idleReason}'
}
own_folder || exit 0
skip "$@" && tell_skipped && exit 0
`;
}

const FOLDER = `
# The environment and the mask as they came: a variable of the workspace may have the name of one of ours.
PERENNIAL_ENVIRONMENT=$(printf 'umask ' && umask && export -p)
umask 077
step=$1 build=$2 limit=$3 patience=$4
shift 4
log=$HOME/.perennial/logs/build-$build/$step.log

# In the pod's own file system, so that it is gone when the pod is; a folder of our own in it, as /tmp is everybody's.
# Somebody else's folder, or a link, could have us run or write what others like. It is entered before it is looked at: what we
# are in cannot be exchanged.
own_folder() {
  find_uid
  place=\${PERENNIAL_RUN_DIR:-/tmp}
  cd -P "$place" && place=\${PWD%/}
  base=$place/.perennial-$uid
  run=$base/build-$build
  folder=$run/$step
  [ -e "$base" ] || mkdir "$base" "$run" "$run/configure" "$run/personalize"
  cd -P "$base" && [ "$PWD" = "$base" ] && [ -O . ] && { [ -d "$folder" ] || mkdir -p "$folder"; } && return
  set -- $(ls -ldn "$base")
  found="\${1:-nothing}\${3:+ of user $3}"
  printf 'state refused\\nreason expected a folder of user %s at %s, found %s\\n' "$uid" "$base" "$found"
  return 1
} 2>/dev/null

# As \`id -u\` tells it, but without a process.
find_uid() {
  while read -r key real uid rest; do
    [ "$key" != Uid: ] || return 0
  done </proc/self/status
  uid=$(id -u)
}

# Whoever makes the file \`began\` has decided for all visits of this pod, whatever comes or goes later: an empty one says that
# there was nothing to run, and a runner's is never empty.
skip() {
  [ -e "$folder/began" ] || { is_idle "$@" && take "$folder/began" && clear_log; }
  [ -e "$folder/began" ] && [ ! -s "$folder/began" ]
}

take() {
  set -C
  { true >"$1"; } 2>/dev/null
  set -- $?
  set +C
  return "$1"
}

# What an earlier pod of the same build wrote is over.
clear_log() {
  [ ! -s "$log" ] || true >"$log"
} 2>/dev/null
`;
