#!/bin/sh
# Becomes the first process of a plain process tree. It runs as the user, and its environment has the mark by which all its descendants
# are found. It waits for input as isolated-init.sh does.
# Settings: HOME, skel, seed, token.

set -eu
umask 022
echo "$$"
read -r go
[ "$go" = go ]
cd "$HOME"
as_user=
. ./complete-home.sh
echo ready
exec </dev/null >/dev/null 2>&1
exec sh -c 'sleep 2147483647 & wait' perennial
