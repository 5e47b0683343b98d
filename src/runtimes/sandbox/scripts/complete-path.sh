#!/bin/sh
# Adds the folders of the image's PATH that the system's profile has dropped, and becomes the user's interactive shell.
# Settings: PERENNIAL_PATH, SHELL.

missing=
set -f
IFS=:
for folder in $PERENNIAL_PATH; do
  case ":$PATH:" in *":$folder:"*) ;; *) missing=$missing$folder: ;; esac
done
PATH=$missing$PATH
unset PERENNIAL_PATH PERENNIAL_COMPLETE_PATH PERENNIAL_READ_PROFILES IFS
exec "$SHELL"
