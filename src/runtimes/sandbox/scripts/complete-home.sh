#!/bin/sh
# Seeds a new home, and writes its token again when the user removed it. What cannot be written, as to a full disk, does not keep the
# sandbox from starting.
# Settings: HOME, seed, skel, token, as_user (the command that becomes the user, or empty).

as_image_user() {
  # shellcheck disable=SC2086 # The words are to be split.
  $as_user "$@"
}

if [ "$seed" = yes ] && [ -d "$skel" ]; then as_image_user cp -Rn "$skel/." "$HOME/" || :; fi
if [ -n "$token" ]; then
  # shellcheck disable=SC2016 # The inner shell expands it.
  as_image_user sh -c 'mkdir -p "$HOME/.perennial" && rm -f "$HOME/.perennial/home" && echo "$1" >"$HOME/.perennial/home"' sh "$token" || :
fi
