#!/bin/sh
# Brings ~/dotfiles to what the settings say. Reports what was done and what was left alone.
# Uses: uri, ref, dotfiles, git.sh. Sets: usable, when ~/dotfiles is the clone of `uri`.
#
# In the clone, the setting `perennial.uri` marks a clone made by this script, with its repository; refs below
# `refs/perennial` belong to this script.

sync_dotfiles() {
  if ! command -v git >/dev/null 2>&1; then
    report warning "the image has no git, so the dotfiles of $uri were not fetched"
    return
  fi
  prepare_git
  if [ -L "$dotfiles" ] || { [ -e "$dotfiles" ] && ! rmdir "$dotfiles" 2>/dev/null; }; then
    update_dotfiles
  else
    clone_dotfiles
  fi
}

# Made elsewhere and moved: a clone that was interrupted is never taken for the user's own.
clone_dotfiles() {
  clone=$HOME/.perennial/dotfiles.new
  rm -rf "$clone"
  mkdir -p "$HOME/.perennial"
  if ! try_git "$HOME" clone --no-checkout -- "$uri" "$clone"; then
    report warning "the dotfiles could not be cloned from $uri: $problem"
  elif git_in "$clone" config perennial.uri "$uri" && find_target && move_to_target; then
    mv "$clone" "$dotfiles" && usable=1 && report did "the dotfiles were cloned from $uri"
  fi
  rm -rf "$clone"
}

update_dotfiles() {
  clone=$dotfiles
  if [ ! -e "$clone/.git" ]; then
    report warning '~/dotfiles is there but not a git clone, so it was left as it is'
    return
  fi
  found=$(trim_uri "$(git_in "$clone" config --get remote.origin.url)")
  made_from=$(trim_uri "$(git_in "$clone" config --get perennial.uri)")
  # The address found is not repeated: the user may have put a password into it.
  if [ "$found" = "$(trim_uri "$uri")" ]; then
    usable=1
    is_untouched && fetch_from origin && update_to_target
  elif [ -n "$made_from" ] && [ "$found" = "$made_from" ]; then
    is_untouched && has_no_commits && fetch_from "$uri" && git_in "$clone" config remote.origin.url "$uri" && usable=1 &&
      update_to_target
  else
    report warning "~/dotfiles is there but not a clone of $uri, so it was left as it is"
  fi
}

trim_uri() {
  trimmed=${1%/}
  printf '%s' "${trimmed%.git}"
}

is_untouched() {
  clear_locks
  undo_interrupted_move
  if has_changes; then
    report warning '~/dotfiles has local changes, so it was left as it is'
    return 1
  fi
  record_known_commits
}

# A clone of another repository may hold no commit, on any branch, that exists only there.
has_no_commits() {
  set -- --branches
  ! has_ref HEAD || set -- "$@" HEAD
  ! has_ref refs/stash || set -- "$@" refs/stash
  [ -n "$(list_own_commits -n 1 "$@")" ] || return 0
  report warning "~/dotfiles is a clone of another repository and has commits of its own, so it was left as it is"
  return 1
}

fetch_from() {
  try_git "$clone" fetch --prune -- "$1" '+refs/heads/*:refs/remotes/origin/*' && return
  report warning "the dotfiles could not be updated from $uri: $problem"
  return 1
}

update_to_target() {
  git_in "$clone" config perennial.uri "$uri"
  find_target || return
  if would_lose_commits; then
    report warning "~/dotfiles has commits that $uri does not have, so it was left as it is"
  elif move_to_target; then
    report did "the dotfiles were brought up to date with $uri"
  fi
}

# Sets `target` to the commit of `ref` and, where that is a branch, `branch`. A ref is looked up by its full name, so that it is never
# taken for an option; a branch precedes a tag of the same name.
find_target() {
  branch='' target=''
  case $ref in '' | HEAD) find_default; return ;; esac
  if git_in "$clone" check-ref-format "refs/heads/$ref"; then
    find_branch "$ref" || fetch_ref "refs/tags/$ref" || find_full_name || find_commit
  fi
  [ -z "$target" ] || return 0
  report warning "the dotfiles of $uri have no branch, tag, or commit named $ref"
  return 1
}

# The current one: the branch may have been renamed since the clone was made.
find_default() {
  tab=$(printf '\t')
  listed=$(git_in "$clone" ls-remote --symref origin HEAD 2>/dev/null)
  case $listed in
    'ref: refs/heads/'*)
      listed=${listed#ref: refs/heads/}
      find_branch "${listed%%"$tab"*}"
      ;;
    # HEAD is detached.
    *"${tab}HEAD"*) fetch_ref HEAD ;;
    # An older git has no such option.
    *)
      git_in "$clone" remote set-head origin --auto >/dev/null 2>&1 &&
        listed=$(git_in "$clone" symbolic-ref -q refs/remotes/origin/HEAD) && find_branch "${listed#refs/remotes/origin/}"
      ;;
  esac
  [ -z "$target" ] || return 0
  report warning "the dotfiles of $uri have no default branch"
  return 1
}

find_branch() {
  target=$(git_in "$clone" rev-parse -q --verify "refs/remotes/origin/$1^{commit}") && branch=$1
}

# Fetches the current commit, also where the clone has a tag of that name already.
fetch_ref() {
  git_in "$clone" fetch -q --no-tags -- origin "+$1:refs/perennial/wanted" 2>/dev/null &&
    target=$(git_in "$clone" rev-parse -q --verify 'refs/perennial/wanted^{commit}')
}

find_full_name() {
  case $ref in
    refs/heads/* | heads/*) find_branch "${ref#*heads/}" ;;
    refs/*) fetch_ref "$ref" ;;
    tags/*) fetch_ref "refs/$ref" ;;
    *) return 1 ;;
  esac
}

find_commit() {
  case $ref in *[!0-9a-f]* | ?????? | ????? | ???? | ??? | ?? | ?) return 1 ;; esac
  git_in "$clone" cat-file -e "$ref^{commit}" 2>/dev/null || git_in "$clone" fetch -q --no-tags -- origin "$ref"
  target=$(git_in "$clone" rev-parse -q --verify "$ref^{commit}")
}

# Git refuses to move when it would overwrite an untracked file. The target is recorded first, so that an interrupted move is not
# taken for changes of the user.
move_to_target() {
  git_in "$clone" update-ref refs/perennial/moving "$target"
  case $branch in
    '' | -*) set -- --detach "$target" ;;
    *) set -- -B "$branch" "$target" ;;
  esac
  if ! try_git "$clone" checkout -q --no-overwrite-ignore "$@" --; then
    report warning "~/dotfiles could not be moved forward to what $uri has, so it was left as it is: $problem"
    return 1
  fi
  git_in "$clone" update-ref "refs/perennial/known/$target" "$target"
  git_in "$clone" update-ref -d refs/perennial/moving
  if [ "$1" = -B ]; then
    git_in "$clone" config "branch.$branch.remote" origin
    git_in "$clone" config "branch.$branch.merge" "refs/heads/$branch"
  fi
  update_submodules
}

update_submodules() {
  [ -f "$clone/.gitmodules" ] || return 0
  try_git "$clone" submodule --quiet sync --recursive && try_git "$clone" submodule --quiet update --init --recursive ||
    report warning "the submodules of the dotfiles could not be brought up to date: $problem"
}

has_ref() {
  git_in "$clone" rev-parse -q --verify "$1" >/dev/null
}

. ./local-work.sh
