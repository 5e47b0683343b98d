import { LOCAL_WORK_SCRIPT } from './local-work-script';

/**
 * Bringing `~/dotfiles` to what the settings say, as shell functions for the step `personalize`. They read `$uri`, `$ref`, and
 * `$dotfiles`, say what they did and what they left alone, and set `usable` when `~/dotfiles` is the clone that was asked for.
 *
 * In the clone, the setting `perennial.uri` says that we made it, and from where; refs below `refs/perennial` are ours.
 */
export const DOTFILES_SCRIPT = `
bring_dotfiles() {
  if ! command -v git >/dev/null 2>&1; then
    say warning "the image has no git, so the dotfiles of $uri were not fetched"
    return
  fi
  start_git
  if [ -L "$dotfiles" ] || [ -e "$dotfiles" ] && ! rmdir "$dotfiles" 2>/dev/null; then
    update_dotfiles
  else
    clone_dotfiles
  fi
}

# Made beside and moved into place: a clone that was cut off half-way is never taken for the user's own.
clone_dotfiles() {
  clone=$HOME/.perennial/dotfiles.new
  rm -rf "$clone"
  mkdir -p "$HOME/.perennial"
  if ! try_git "$HOME" clone --no-checkout -- "$uri" "$clone"; then
    say warning "the dotfiles could not be cloned from $uri: $problem"
  elif git_in "$clone" config perennial.uri "$uri" && find_target && move_to_target; then
    mv "$clone" "$dotfiles" && usable=1 && say did "the dotfiles were cloned from $uri"
  fi
  rm -rf "$clone"
}

update_dotfiles() {
  clone=$dotfiles
  if [ ! -e "$clone/.git" ]; then
    say warning '~/dotfiles is there but not a git clone, so it was left as it is'
    return
  fi
  found=$(trim_uri "$(git_in "$clone" config --get remote.origin.url)")
  made_from=$(trim_uri "$(git_in "$clone" config --get perennial.uri)")
  # The address found is not repeated: the user may have put a password into it.
  if [ "$found" = "$(trim_uri "$uri")" ]; then
    usable=1
    is_untouched && fetch_from origin && bring_to_target
  elif [ -n "$made_from" ] && [ "$found" = "$made_from" ]; then
    is_untouched && has_no_commits && fetch_from "$uri" && git_in "$clone" config remote.origin.url "$uri" && usable=1 &&
      bring_to_target
  else
    say warning "~/dotfiles is there but not a clone of $uri, so it was left as it is"
  fi
}

trim_uri() {
  trimmed=\${1%/}
  printf '%s' "\${trimmed%.git}"
}

is_untouched() {
  clear_locks
  undo_half_a_move
  if has_changes; then
    say warning '~/dotfiles has local changes, so it was left as it is'
    return 1
  fi
  note_known_commits
}

# Of a clone of another repository nothing may be left that is nowhere else, whatever branch it is on.
has_no_commits() {
  set -- --branches
  ! has_ref HEAD || set -- "$@" HEAD
  ! has_ref refs/stash || set -- "$@" refs/stash
  [ -n "$(list_own_commits -n 1 "$@")" ] || return 0
  say warning "~/dotfiles is a clone of another repository and has commits of its own, so it was left as it is"
  return 1
}

fetch_from() {
  try_git "$clone" fetch --prune -- "$1" '+refs/heads/*:refs/remotes/origin/*' && return
  say warning "the dotfiles could not be updated from $uri: $problem"
  return 1
}

bring_to_target() {
  git_in "$clone" config perennial.uri "$uri"
  find_target || return
  if would_lose_commits; then
    say warning "~/dotfiles has commits that $uri does not have, so it was left as it is"
  elif move_to_target; then
    say did "the dotfiles were brought up to date with $uri"
  fi
}

# Finds the commit \`target\` and, where it is that of a branch, the \`branch\`. A ref is looked up by its full name and so never taken
# for an option; of several of one name a branch comes first, then a tag.
find_target() {
  branch= target=
  case $ref in '' | HEAD) find_default; return ;; esac
  if git_in "$clone" check-ref-format "refs/heads/$ref"; then
    find_branch "$ref" || fetch_ref "refs/tags/$ref" || find_full_name || find_commit
  fi
  [ -z "$target" ] || return 0
  say warning "the dotfiles of $uri have no branch, tag, or commit named $ref"
  return 1
}

# As it is now: the branch may have another name than when the clone was made.
find_default() {
  tab='\t'
  listed=$(git_in "$clone" ls-remote --symref origin HEAD 2>/dev/null)
  case $listed in
    'ref: refs/heads/'*)
      listed=\${listed#ref: refs/heads/}
      find_branch "\${listed%%"$tab"*}"
      ;;
    # On no branch.
    *"\${tab}HEAD"*) fetch_ref HEAD ;;
    # An older git has no such option.
    *)
      git_in "$clone" remote set-head origin --auto >/dev/null 2>&1 &&
        listed=$(git_in "$clone" symbolic-ref -q refs/remotes/origin/HEAD) && find_branch "\${listed#refs/remotes/origin/}"
      ;;
  esac
  [ -z "$target" ] || return 0
  say warning "the dotfiles of $uri have no default branch"
  return 1
}

find_branch() {
  target=$(git_in "$clone" rev-parse -q --verify "refs/remotes/origin/$1^{commit}") && branch=$1
}

# As the repository has it now, also where there is a tag of that name already.
fetch_ref() {
  git_in "$clone" fetch -q --no-tags -- origin "+$1:refs/perennial/wanted" 2>/dev/null &&
    target=$(git_in "$clone" rev-parse -q --verify 'refs/perennial/wanted^{commit}')
}

find_full_name() {
  case $ref in
    refs/heads/* | heads/*) find_branch "\${ref#*heads/}" ;;
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

# Git moves nothing when a file would be written over that it does not know. What was begun is noted, so that a move that is cut off
# is not taken for changes of the user.
move_to_target() {
  git_in "$clone" update-ref refs/perennial/moving "$target"
  case $branch in
    '' | -*) set -- --detach "$target" ;;
    *) set -- -B "$branch" "$target" ;;
  esac
  if ! try_git "$clone" checkout -q --no-overwrite-ignore "$@" --; then
    say warning "~/dotfiles could not be moved forward to what $uri has, so it was left as it is: $problem"
    return 1
  fi
  git_in "$clone" update-ref "refs/perennial/known/$target" "$target"
  git_in "$clone" update-ref -d refs/perennial/moving
  if [ "$1" = -B ]; then
    git_in "$clone" config "branch.$branch.remote" origin
    git_in "$clone" config "branch.$branch.merge" "refs/heads/$branch"
  fi
  bring_submodules
}

bring_submodules() {
  [ -f "$clone/.gitmodules" ] || return 0
  try_git "$clone" submodule --quiet sync --recursive && try_git "$clone" submodule --quiet update --init --recursive ||
    say warning "the submodules of the dotfiles could not be brought up to date: $problem"
}

has_ref() {
  git_in "$clone" rev-parse -q --verify "$1" >/dev/null
}
${LOCAL_WORK_SCRIPT}
`;
