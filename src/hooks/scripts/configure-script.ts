import type { HookScript } from '../hook-script';
import { INTERPRETER_SCRIPT } from './interpreter-script';

const IDLE_REASON = 'the image has no /coder/configure';

/**
 * The step `configure`: the image's own program becomes the very process of the hook, so that its end, its exit code, and the
 * signal that ends it are the step's. The script sets no variable, as the workspace may have one of the same name.
 */
export const CONFIGURE: HookScript = {
  isIdle: `[ ! -e "\${PERENNIAL_ROOTFS:-}/coder/configure" ] && [ ! -L "\${PERENNIAL_ROOTFS:-}/coder/configure" ]`,
  idleReason: IDLE_REASON,
  text: `
unset PERENNIAL_RUNNER PERENNIAL_HOOK
set -- "\${PERENNIAL_ROOTFS:-}/coder/configure"
say() {
  printf '%s\\n' "$1" >&3
  exit 0
}
[ -e "$1" ] || [ -L "$1" ] || say 'skipped: ${IDLE_REASON}'
[ -f "$1" ] && [ -x "$1" ] || say 'warning: /coder/configure is there but not executable'
[ "$(id -u)" != 0 ] || say "warning: /coder/configure was not run because the image's user is root"
${INTERPRETER_SCRIPT}
set -- "$1" "$(name_missing_interpreter "$1")"
[ -z "$2" ] || say "warning: /coder/configure could not be run: $2"
printf 'did: /coder/configure ran\\n' >&3
exec "$1" 3>&-
`,
};
