#!/bin/sh
# One poll of the step `configure`, for `sh -s`: see poll.sh. A shell parses its input as it needs it, so the part that finds that
# there is nothing to run comes first.

. ./environment.sh
. ./run-folder.sh
. ./configure-idle.sh
. ./skip.sh
. ./process.sh
. ./poll.sh
PERENNIAL_RUNNER=$(cat ./runner.sh)
PERENNIAL_HOOK=$(cat ./configure.sh)
poll "$@"
exit 0
