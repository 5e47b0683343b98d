#!/bin/sh
# Seeds the home once, as its user. The mark comes last and lies outside the home: an interrupted seeding is repeated, and no user can
# remove the mark. Exit 65: the files belong to another user, or those of the image cannot be copied; 66: the home existed, and is gone.

set -u
volume=/perennial-volume home=/perennial-volume/home
fail() {
  printf '%s' "$2" >/dev/termination-log
  exit "$1"
}
uid=$(id -u)
if [ -e "$home" ]; then
  # shellcheck disable=SC2012,SC2046 # Without `stat`, only `ls` prints the owner. The fields are to be split.
  set -- $(ls -ldn "$home")
  [ "$3" = "$uid" ] || fail 65 "the image runs with uid $uid, and the files of the home belong to uid $3"
fi
[ ! -e "$volume/seeded" ] || [ -e "$home" ] || fail 66 'the folder of the home is not in its volume any more'
[ ! -e "$volume/seeded" ] || exit 0
mkdir -p "$home" || fail 1 "uid $uid may not write to the volume; its storage class needs to support fsGroup"
chgrp "$(id -g)" "$home" 2>/dev/null
# Files of an interrupted seeding may be read-only.
chmod -R u+rwX "$home" 2>/dev/null
chmod u=rwx,go=rx,g-s "$home"
if [ -d "$HOME" ] && ! LC_ALL=C cp -a "$HOME/." "$home/" 2>/tmp/errors; then
  # These faults are permanent; others, of the volume, are not.
  case $(cat /tmp/errors) in *'Permission denied'* | *'No space left'* | *quota*) code=65 ;; *) code=1 ;; esac
  fail "$code" "the image's $HOME could not be copied: $(tail -n 1 /tmp/errors)"
fi
: >"$volume/seeded" || fail 1 'the volume could not be written'
