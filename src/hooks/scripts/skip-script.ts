import type { HookScript } from '../hook-script';
import { FOLDER_SCRIPT } from './folder-script';

/**
 * How every visit begins, as shell text: it finds the folder of the run, and where there is nothing to run it says so and ends,
 * without any runner. What else a visit has comes after this text, as a shell reads on only when it needs more.
 */
export function skipScript({ isIdle, idleReason }: HookScript): string {
  return `${BEGIN}${FOLDER_SCRIPT}
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

const BEGIN = `
# The environment and the mask as they came: a variable of the workspace may have the name of one of ours.
PERENNIAL_ENVIRONMENT=$(printf 'umask ' && umask && export -p)
umask 077
step=$1 build=$2 limit=$3 patience=$4 known=$5
shift 5
log=$HOME/.perennial/logs/build-$build/$step.log

# Whoever makes the file \`began\` has decided for all visits of this pod, whatever comes or goes later: an empty one says that
# there was nothing to run, and a runner's is never empty.
skip() {
  [ -e "$folder/began" ] || { is_idle "$@" && take "$folder/began" && clear_log && remove_old_logs; }
  is_skipped
}

# Looked at twice: a hook that removes the file between two looks has not emptied it.
is_skipped() {
  [ -f "$folder/began" ] && [ ! -s "$folder/began" ] && [ -f "$folder/began" ] && [ ! -s "$folder/began" ]
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
  [ ! -f "$log" ] || [ -L "$log" ] || [ ! -s "$log" ] || true >"$log"
} 2>/dev/null

# Of all but the last ten builds. In the background, as nobody knows how much somebody has put there.
remove_old_logs() {
  [ -L "$HOME/.perennial" ] || [ -L "$HOME/.perennial/logs" ] || (
    cd "$HOME/.perennial/logs" || exit
    set --
    for old in build-[1-9]*; do
      case \${old#build-} in *[!0-9]* | ??????????*) continue ;; esac
      [ "\${old#build-}" -gt "$((build - 10))" ] || set -- "$@" "$old"
    done
    [ $# = 0 ] || rm -rf "$@" &
  ) </dev/null >/dev/null 2>&1
}
`;
