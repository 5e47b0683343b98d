#!/bin/sh
# Restores PATH in a shell that has read its profiles, and becomes another program. Arguments: the PATH of the image, the program, and its
# arguments.

# Of zsh.
emulate sh 2>/dev/null
. ./join-paths.sh
PATH=$(perennial_join "$1"); export PATH; shift
exec "$@"
