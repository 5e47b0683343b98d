import { DOTFILES_SCRIPT } from './dotfiles-script';
import type { HookScript } from './visit-script';

const IDLE_REASON = 'no dotfiles are set and there is no ~/personalize';

/**
 * The step `personalize`: the dotfiles, then the user's own program or what the dotfiles bring. Each part runs whatever came of
 * the one before; what went wrong is reported, and the script itself succeeds.
 *
 * Arguments: `uri=…` and `ref=…`, both empty after the sign when there is nothing to bring.
 */
export const PERSONALIZE: HookScript = {
  isIdle: '[ "$1" = uri= ] && [ ! -e "$HOME/personalize" ] && [ ! -L "$HOME/personalize" ]',
  idleReason: IDLE_REASON,
  text: `
PERENNIAL_ENVIRONMENT=$(export -p)
report=$1 uri=\${2#uri=} ref=\${3#ref=}
dotfiles=$HOME/dotfiles
usable=

main() {
  [ -z "$uri" ] || bring_dotfiles
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
  (eval "$PERENNIAL_ENVIRONMENT" && cd "$2" && exec "$3")
  code=$?
  [ "$code" = 0 ] && say did "$1 ran" || say ended "$code $1"
}

# Links are relative: the same home may lie at another path in an image whose user has another name.
link_dotfiles() {
  linked=0 kept=
  for source in "$dotfiles"/.[!.]* "$dotfiles"/..?*; do
    name=\${source##*/}
    case $name in .git | .gitignore | .gitmodules | .github) continue ;; esac
    [ -e "$source" ] || [ -L "$source" ] || continue
    ! is_linked "$name" || continue
    if [ -e "$HOME/$name" ] || [ -L "$HOME/$name" ]; then
      kept="$kept, ~/$name"
    else
      ln -s "dotfiles/$name" "$HOME/$name" && linked=$((linked + 1)) || kept="$kept, ~/$name"
    fi
  done
  [ "$linked" = 0 ] || say did "$linked of the dotfiles were linked into the home"
  [ -z "$kept" ] || say warning "these were there already, so the dotfiles of the same names were not linked: \${kept#, }"
}

is_linked() {
  [ -L "$HOME/$1" ] || return 1
  target=$(readlink "$HOME/$1")
  [ "$target" = "dotfiles/$1" ] || [ "$target" = "$dotfiles/$1" ]
}

# One line each, whatever a file may be called.
say() {
  case $2 in *'\n'* | *'\r'*) set -- "$1" "$(printf '%s' "$2" | tr '\\n\\r' '  ')" ;; esac
  printf '%s: %s\\n' "$1" "$2" >>"$report"
}
${DOTFILES_SCRIPT}
main
`,
};
