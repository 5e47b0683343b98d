#!/bin/sh
# Runs the command $0, or the arguments where the machine has no `script`, in a terminal of the sandbox. A terminal of the machine has no
# name where the terminals of the machine are not visible. What keeps the inner terminal ignores the end of the outer one, and ends with
# this shell.

command -v script >/dev/null || exec "$@"
exec 3<&0
# shellcheck disable=SC2097,SC2098 # The value before the second assignment is meant.
PERENNIAL_SHELL=$SHELL SHELL=/bin/sh script -qec "$0" /dev/null <&3 3<&- &
relay=$!
trap 'kill -KILL "$relay"' HUP
wait "$relay"
exit "$?"
