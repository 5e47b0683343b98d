/**
 * The step `configure`, as the runner runs it: the image's own program becomes this very process, so that its end, its exit code,
 * and the signal that ends it are the step's. Argument: the report.
 */
export const CONFIGURE_SCRIPT = `
PERENNIAL_ENVIRONMENT=$(export -p)
report=$1
program=\${PERENNIAL_ROOTFS:-}/coder/configure
say() {
  printf '%s\\n' "$1" >>"$report"
  exit 0
}

[ -e "$program" ] || [ -L "$program" ] || say 'skipped: the image has no /coder/configure'
[ -f "$program" ] && [ -x "$program" ] || say 'warning: /coder/configure is there but not executable'
[ "$(id -u)" != 0 ] || say "warning: /coder/configure was not run because the image's user is root"
printf 'did: /coder/configure ran\\n' >>"$report"
set -- "$program"
# The environment as it came: a variable of the workspace may have the name of one of ours.
eval "$PERENNIAL_ENVIRONMENT"
exec "$1"
`;
