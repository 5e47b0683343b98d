#!/bin/sh
# The startup file of an interactive shell: reads what a login shell reads. Sets nothing that stays but what the profiles set, and PATH.

unset ENV
perennial_path=$PATH
# shellcheck source=/dev/null
[ ! -r /etc/profile ] || . /etc/profile
# shellcheck disable=SC1090
if [ -n "${BASH_VERSION-}" ] && [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -n "${BASH_VERSION-}" ] && [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile; fi
. ./join-paths.sh
PATH=$(perennial_join "$perennial_path"); export PATH
unset perennial_path; unset -f perennial_join
