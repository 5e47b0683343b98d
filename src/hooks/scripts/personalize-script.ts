import type { HookScript } from '../hook-script';
import { DOTFILES_SCRIPT } from './dotfiles-script';
import { GIT_SCRIPT } from './git-script';
import { INTERPRETER_SCRIPT } from './interpreter-script';
import { LINKS_SCRIPT } from './links-script';

const IDLE_REASON = 'no dotfiles are set and there is no ~/personalize';

/**
 * The step `personalize`: the dotfiles, then the user's own program or what the dotfiles bring. Each part runs whatever came of
 * the one before; what went wrong is reported, and the script itself succeeds.
 *
 * Arguments: the run's folder, and `uri=…` and `ref=…`, both empty after the sign when there is nothing to bring. Open file 3 is the report.
 */
export const PERSONALIZE: HookScript = {
  isIdle: '[ "$1" = uri= ] && [ ! -e "$HOME/personalize" ] && [ ! -L "$HOME/personalize" ]',
  idleReason: IDLE_REASON,
  text: `
unset PERENNIAL_RUNNER PERENNIAL_HOOK
PERENNIAL_ENVIRONMENT=$(export -p)
folder=$1 uri=\${2#uri=} ref=\${3#ref=}
dotfiles=$HOME/dotfiles
usable=

main() {
  [ -z "$uri" ] || bring_dotfiles
  [ -z "$usable" ] || remove_stale_links
  if [ -f "$HOME/personalize" ] && [ -x "$HOME/personalize" ]; then
    run_program '~/personalize' "$HOME" ./personalize
  elif [ -e "$HOME/personalize" ] || [ -L "$HOME/personalize" ]; then
    say warning '~/personalize is there but not executable'
  elif [ -n "$usable" ]; then
    install_dotfiles
  elif [ -z "$uri" ]; then
    say skipped '${IDLE_REASON}'
  fi
}

install_dotfiles() {
  if [ -f "$dotfiles/install.sh" ] && [ -x "$dotfiles/install.sh" ]; then
    run_program '~/dotfiles/install.sh' "$dotfiles" ./install.sh
  else
    link_dotfiles
  fi
}

# Runs $3 in the folder $2, as a child, in the environment as it came: a variable of the workspace may have a name of ours.
run_program() {
  missing=$(eval "$PERENNIAL_ENVIRONMENT" && name_missing_interpreter "$2/$3")
  if [ -n "$missing" ]; then
    say warning "$1 could not be run: $missing"
    return
  fi
  (eval "$PERENNIAL_ENVIRONMENT" && cd "$2" && exec "$3" 3>&-)
  code=$?
  [ "$code" = 0 ] && say did "$1 ran" || say ended "$code $1"
}

# One line each, whatever a file may be called.
say() {
  case $2 in *'\n'* | *'\r'*) set -- "$1" "$(printf '%s' "$2" | tr '\\n\\r' '  ')" ;; esac
  printf '%s: %s\\n' "$1" "$2" >&3
}
${INTERPRETER_SCRIPT}
${GIT_SCRIPT}
${DOTFILES_SCRIPT}
${LINKS_SCRIPT}
main
`,
};
