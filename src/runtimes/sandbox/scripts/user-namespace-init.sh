#!/bin/sh
# Becomes the first process of a sandbox in user namespaces, as the image's user.
# Settings: HOME, skel, seed, token.

set -eu
as_user=
. ./complete-home.sh
echo ready
exec </dev/null >/dev/null 2>&1
# All inside have its uid, so any of them may end the sleep.
exec env -i PATH="$PATH" "PERENNIAL_INSTANCE=$PERENNIAL_INSTANCE" sh -c 'while :; do sleep 2147483647 & wait; done' perennial
