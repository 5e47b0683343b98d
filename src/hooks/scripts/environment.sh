#!/bin/sh
# Records the environment and the umask as received: the workspace may use the names of the variables below itself.
# Sets: PERENNIAL_ENVIRONMENT, shell text that restores both.

PERENNIAL_ENVIRONMENT=$(printf 'umask ' && umask && export -p)
umask 077
