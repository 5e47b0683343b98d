import type { HookScript } from './visit-script';

const IDLE_REASON = 'the image has no /coder/configure';

/**
 * The step `configure`: the image's own program becomes the very process of the hook, so that its end, its exit code, and the
 * signal that ends it are the step's. The script sets no variable, as the workspace may have one of the same name.
 */
export const CONFIGURE: HookScript = {
  isIdle: `[ ! -e "\${PERENNIAL_ROOTFS:-}/coder/configure" ] && [ ! -L "\${PERENNIAL_ROOTFS:-}/coder/configure" ]`,
  idleReason: IDLE_REASON,
  text: `
set -- "$1" "\${PERENNIAL_ROOTFS:-}/coder/configure"
say() {
  printf '%s\\n' "$2" >>"$1"
  exit 0
}
[ -e "$2" ] || [ -L "$2" ] || say "$1" 'skipped: ${IDLE_REASON}'
[ -f "$2" ] && [ -x "$2" ] || say "$1" 'warning: /coder/configure is there but not executable'
[ "$(id -u)" != 0 ] || say "$1" "warning: /coder/configure was not run because the image's user is root"
printf 'did: /coder/configure ran\\n' >>"$1"
exec "$2"
`,
};
