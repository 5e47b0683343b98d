/**
 * Bringing `~/dotfiles` up to date, as shell functions for the step `personalize`. It reads `$uri`, `$ref`, `$dotfiles`, and
 * `$report`, says what it did and what it left alone, and sets `usable` when `~/dotfiles` is the clone that was asked for.
 */
export const DOTFILES_SCRIPT = `
bring_dotfiles() {
  if ! command -v git >/dev/null 2>&1; then
    say warning "the image has no git, so the dotfiles of $uri were not fetched"
    return
  fi
  write_git_settings
  if [ -L "$dotfiles" ] || [ -e "$dotfiles" ] && ! rmdir "$dotfiles" 2>/dev/null; then
    update_dotfiles
  else
    clone_dotfiles
  fi
}

# Git serves a repository of another user from file:// only if a settings file says so; the user's own settings stay in force.
write_git_settings() {
  settings=\${report%/*}/gitconfig
  printf '[http]\\n\\tlowSpeedLimit = 1\\n\\tlowSpeedTime = 60\\n[safe]\\n\\tdirectory = *\\n' >"$settings"
  if [ -n "\${GIT_CONFIG_GLOBAL+set}" ]; then
    include "$GIT_CONFIG_GLOBAL"
  else
    include "\${XDG_CONFIG_HOME:-$HOME/.config}/git/config"
    include "$HOME/.gitconfig"
  fi
  ssh=\${GIT_SSH_COMMAND:-$(git config core.sshCommand || echo ssh)}
}

include() {
  printf '[include]\\n\\tpath = "%s"\\n' "$1" >>"$settings"
}

# Made beside and moved into place: a clone that was cut off half-way is never taken for the user's own.
clone_dotfiles() {
  fresh=$HOME/.perennial/dotfiles.new
  rm -rf "$fresh"
  mkdir -p "$HOME/.perennial"
  if ! try_git clone -- "$uri" "$fresh"; then
    say warning "the dotfiles could not be cloned from $uri: $problem"
  elif settle "$fresh"; then
    mv "$fresh" "$dotfiles" && usable=1 && say did "the dotfiles were cloned from $uri"
  fi
  rm -rf "$fresh"
}

update_dotfiles() {
  if [ ! -e "$dotfiles/.git" ]; then
    say warning '~/dotfiles is there but not a git clone, so it was left as it is'
    return
  fi
  # The address found is not repeated: the user may have put a password into it.
  if [ "$(trim_uri "$(run_git -C "$dotfiles" config --get remote.origin.url)")" != "$(trim_uri "$uri")" ]; then
    say warning "~/dotfiles is there but not a clone of $uri, so it was left as it is"
    return
  fi
  usable=1
  # New files are no obstacle, and an update that would need their place fails by itself.
  if [ -n "$(run_git -C "$dotfiles" status --porcelain --untracked-files=no)" ]; then
    say warning '~/dotfiles has local changes, so it was left as it is'
  elif ! try_git -C "$dotfiles" fetch --prune --tags --force origin; then
    say warning "the dotfiles could not be updated from $uri: $problem"
  elif settle "$dotfiles"; then
    say did "the dotfiles were brought up to date with $uri"
  fi
}

trim_uri() {
  trimmed=\${1%/}
  printf '%s' "\${trimmed%.git}"
}

# Checks out what was asked for in the clone $1. A ref is looked up by its full name and so never taken for an option.
settle() {
  clone=$1
  if [ -z "$ref" ]; then
    follow_branch
  elif has_ref "refs/remotes/origin/$ref"; then
    settle_branch
  elif has_ref "refs/tags/$ref"; then
    check_out --detach "refs/tags/$ref"
  elif find_commit; then
    check_out --detach "$commit"
  else
    say warning "the dotfiles of $uri have no branch, tag, or commit named $ref"
    return 1
  fi
}

follow_branch() {
  if ! run_git -C "$clone" symbolic-ref -q HEAD >/dev/null; then
    default=$(run_git -C "$clone" symbolic-ref -q --short refs/remotes/origin/HEAD) || return 0
    ref=\${default#origin/}
    settle_branch
  elif upstream=$(run_git -C "$clone" rev-parse -q --verify '@{upstream}' 2>/dev/null); then
    forward "$upstream"
  fi
}

settle_branch() {
  if ! has_ref "refs/heads/$ref"; then
    check_out --track -b "$ref" "refs/remotes/origin/$ref"
    return
  fi
  check_out "$ref" && forward "refs/remotes/origin/$ref"
}

has_ref() {
  run_git -C "$clone" show-ref --verify -q "$1"
}

find_commit() {
  case $ref in *[!0-9a-f]* | ?????? | ????? | ???? | ??? | ?? | ?) return 1 ;; esac
  run_git -C "$clone" cat-file -e "$ref^{commit}" 2>/dev/null || run_git -C "$clone" fetch -q origin "$ref"
  commit=$(run_git -C "$clone" rev-parse -q --verify "$ref^{commit}")
}

check_out() {
  try_git -C "$clone" checkout -q "$@" -- && return
  say warning "the dotfiles could not be brought to \${ref}: $problem"
  return 1
}

forward() {
  try_git -C "$clone" merge -q --ff-only "$1" && return
  say warning "~/dotfiles could not be moved forward to what $uri has, so it was left as it is: $problem"
  return 1
}

# Runs git and keeps the line that says why it failed, for the warning; all it says goes to the log as well.
try_git() {
  run_git "$@" 2>"$settings.errors"
  ended=$? problem=
  while IFS= read -r line; do
    printf '%s\\n' "$line" >&2
    # What comes first says why, what follows only what that led to.
    case $line in fatal:* | error:*) problem=\${problem:-$line} ;; esac
  done <"$settings.errors"
  problem=\${problem:-git ended with exit code $ended}
  return "$ended"
}

# Nobody is there to answer a question. The home may itself be a repository, which is not the one that is meant.
run_git() {
  GIT_CONFIG_GLOBAL=$settings GIT_TERMINAL_PROMPT=0 GIT_CEILING_DIRECTORIES=$HOME \\
    GIT_SSH_COMMAND="$ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=30" \\
    git -c advice.detachedHead=false "$@" </dev/null
}
`;
