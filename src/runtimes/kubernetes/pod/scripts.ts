/** The shell text that pods run besides what is exec'd in them. POSIX, for dash, bash, and busybox. */

/** Where the init container sees the whole volume; the user never does. */
export const VOLUME_PATH = '/perennial-volume';
/** The folder of the volume that is the home. */
export const HOME_FOLDER = 'home';

/** Waits, and ends at once and well when told to; what it waits with is ended with it. */
export const WAIT_SCRIPT = `trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done`;

/**
 * The main process of a workspace: makes sure that the home is the user's own, as the kubelet would have made an empty one in the
 * place of a lost one, and waits. When told to end it tells all others, and gives them five seconds.
 */
export const MAIN_SCRIPT = `
if [ ! -O "$HOME" ]; then
  printf 'the folder of the home is not in its volume any more' >/dev/termination-log
  exit 66
fi
others() {
  for process in /proc/[0-9]*; do
    case $process in /proc/1 | /proc/$$) continue ;; esac
    { read -r line <"$process/stat"; } 2>/dev/null || continue
    case \${line##*) } in Z* | X*) ;; *) return 0 ;; esac
  done
  return 1
}
end() {
  trap '' TERM INT HUP
  kill -TERM -1
  # What is typed in does not heed TERM.
  kill -HUP -1
  left=50
  while [ "$left" -gt 0 ] && others; do
    sleep 0.1 || sleep 1
    left=$((left - 1))
  done 2>/dev/null
  exit 0
}
trap end TERM INT
while :; do sleep 3600 & wait $!; done`;

/**
 * Seeds the home once, as its user: the mark comes last and lies outside the home, so that a seeding that was cut off is done
 * again, and no user takes it away. Exit 65: the files are another user's, or the image's cannot be copied; 66: they were there, and
 * are gone.
 */
export const SEED_SCRIPT = `
set -u
volume=${VOLUME_PATH} home=${VOLUME_PATH}/${HOME_FOLDER}
fail() {
  printf '%s' "$2" >/dev/termination-log
  exit "$1"
}
uid=$(id -u)
if [ -e "$home" ]; then
  set -- $(ls -ldn "$home")
  [ "$3" = "$uid" ] || fail 65 "the image runs with uid $uid, and the files of the home belong to uid $3"
fi
[ ! -e "$volume/seeded" ] || [ -e "$home" ] || fail 66 'the folder of the home is not in its volume any more'
[ ! -e "$volume/seeded" ] || exit 0
mkdir -p "$home" || fail 1 "uid $uid may not write to the volume; its storage class needs to support fsGroup"
chgrp "$(id -g)" "$home" 2>/dev/null
# What a seeding that was cut off has left, which the image may have made for reading only.
chmod -R u+rwX "$home" 2>/dev/null
chmod u=rwx,go=rx,g-s "$home"
if [ -d "$HOME" ] && ! LC_ALL=C cp -a "$HOME/." "$home/" 2>/tmp/errors; then
  # These are the image's own, and stay as they are; a volume may have other troubles, which pass.
  case $(cat /tmp/errors) in *'Permission denied'* | *'No space left'* | *quota*) code=65 ;; *) code=1 ;; esac
  fail "$code" "the image's $HOME could not be copied: $(tail -n 1 /tmp/errors)"
fi
: >"$volume/seeded" || fail 1 'the volume could not be written'`;
