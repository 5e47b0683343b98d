#!/bin/sh
# The step `configure`: the program of the image becomes the very process of the hook, so that its end, its exit code, and the signal
# that ends it are those of the step. Sets no variable, as the workspace may use the name itself. Open file 3 is the report.

unset PERENNIAL_RUNNER PERENNIAL_HOOK
. ./configure-idle.sh
. ./interpreter.sh
set -- "${PERENNIAL_ROOTFS:-}/coder/configure"
report() {
  printf '%s\n' "$1" >&3
  exit 0
}
! is_idle || report "skipped: $(print_idle_reason)"
[ -f "$1" ] && [ -x "$1" ] || report 'warning: /coder/configure is there but not executable'
[ "$(id -u)" != 0 ] || report "warning: /coder/configure was not run because the image's user is root"
set -- "$1" "$(name_missing_interpreter "$1")"
[ -z "$2" ] || report "warning: /coder/configure could not be run: $2"
printf 'did: /coder/configure ran\n' >&3
exec "$1" 3>&-
