#!/bin/sh
# Distinguishes the work of the user in a clone from what came from its repository, so that no work is lost and nothing else is kept
# from being updated.
# Uses: clone, folder, git.sh.

# Removes the locks of a git that was killed, unless another git is running there.
clear_locks() {
  [ -d "$clone/.git" ] && [ ! -L "$clone/.git" ] || return 0
  for process in /proc/[0-9]*; do
    [ -O "$process" ] && { read -r name <"$process/comm"; } 2>/dev/null || continue
    case $name in git*) ;; *) continue ;; esac
    case $(readlink "$process/cwd")/ in "$(cd -P "$clone" && pwd)"/*) return 0 ;; esac
  done
  remove_locks "$clone/.git"
}

remove_locks() {
  for entry in "$1"/*; do
    [ ! -L "$entry" ] || continue
    case ${entry##*/} in
      objects | hooks | logs | info | lfs) ;;
      *.lock) rm -f "$entry" ;;
      *) [ ! -d "$entry" ] || remove_locks "$entry" ;;
    esac
  done
}

# Whether there is uncommitted work in the clone or in a submodule. The commit of a submodule is compared later.
has_changes() {
  for name in MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD BISECT_LOG rebase-merge rebase-apply; do
    [ ! -e "$clone/.git/$name" ] || return 0
  done
  [ -z "$(git_in "$clone" status --porcelain --untracked-files=no --ignore-submodules=all)" ] || return 0
  git_in "$clone" diff --cached --quiet --ignore-submodules=dirty || return 0
  [ -f "$clone/.gitmodules" ] || return 1
  # shellcheck disable=SC2016 # Git's shell expands it.
  [ -n "$(git_in "$clone" submodule --quiet foreach --recursive '
    test -z "$(git status --porcelain --untracked-files=no --ignore-submodules=all)" &&
      test -z "$(git rev-list -n 1 HEAD --not --remotes "$sha1")" || echo "$name"' 2>/dev/null)" ]
}

# Runs before the fetch: a commit that the repository has now is not the user's, even if the repository drops it later. Where the user
# has fetched since, the reflog of the remote branch says what it had.
record_known_commits() {
  known=
  for tip in $(git_in "$clone" for-each-ref --format='%(objectname)' refs/heads) $(git_in "$clone" rev-parse -q --verify HEAD); do
    # shellcheck disable=SC2046 # The commits are to be split.
    [ -z "$(list_own_commits -n 1 "$tip" $(list_fetched))" ] || continue
    git_in "$clone" update-ref "refs/perennial/known/$tip" "$tip"
    known="$known $tip "
  done
  for tip in $(git_in "$clone" for-each-ref --format='%(objectname)' refs/perennial/known); do
    case $known in *" $tip "*) ;; *) git_in "$clone" update-ref -d "refs/perennial/known/$tip" ;; esac
  done
}

list_fetched() {
  on=$(git_in "$clone" symbolic-ref -q --short HEAD) || return 0
  for old in $(git_in "$clone" log -g -n 50 --format=%H "refs/remotes/origin/$on" -- 2>/dev/null); do
    printf '^%s ' "$old"
  done
}

list_own_commits() {
  git_in "$clone" rev-list "$@" --not --remotes --glob='refs/perennial/known/*'
}

# Checks HEAD, and the branch that is to be moved; other branches stay where they are.
would_lose_commits() {
  for tip in HEAD ${branch:+"refs/heads/$branch"}; do
    ! has_ref "$tip" || are_all_in_target "$tip" || return 0
  done
  return 1
}

# An equal change upstream, as after a rebase, counts as the commit.
are_all_in_target() {
  own=$(list_own_commits -n 100 "$1")
  [ -n "$own" ] || return 0
  equal=$(git_in "$clone" cherry "$target" "$1")
  for commit in $own; do
    case $equal in *"- $commit"*) ;; *) return 1 ;; esac
  done
}

# An interrupted move left files of before and of after. Where there are no others, those of before are restored.
undo_interrupted_move() {
  after=$(git_in "$clone" rev-parse -q --verify 'refs/perennial/moving^{commit}') || return 0
  before=$(git_in "$clone" rev-parse -q --verify HEAD) || return 0
  touched=$(git_in "$clone" -c core.quotePath=false diff --name-only --no-renames "$before" "$after")
  changed=$(git_in "$clone" -c core.quotePath=false diff --name-only --no-renames --ignore-submodules=all "$before")
  new='' foreign='' IFS='
'
  set -f
  for file in $touched $changed; do
    is_of_move "$file" || foreign=1
  done
  [ -n "$foreign" ] || for file in $new; do
    rm -f "$clone/$file"
  done
  set +f
  unset IFS
  [ -z "$foreign" ] || return 0
  git_in "$clone" reset -q --hard && git_in "$clone" update-ref -d refs/perennial/moving
}

is_of_move() {
  # Git writes this name with escapes.
  case $1 in '"'*) return 1 ;; esac
  case '
'$touched'
' in *'
'"$1"'
'*) ;; *) return 1 ;; esac
  old=$(git_in "$clone" rev-parse -q --verify "$before:$1") || old=none
  [ -e "$clone/$1" ] || [ -L "$clone/$1" ] || return 0
  [ ! -d "$clone/$1" ] || [ -L "$clone/$1" ] || return 1
  if [ -L "$clone/$1" ]; then
    found=$(printf '%s' "$(readlink "$clone/$1")" >"$folder/link" && git_in "$clone" hash-object "$folder/link")
  else
    found=$(git_in "$clone" hash-object -- "$1")
  fi
  [ "$found" != "$old" ] || return 0
  [ "$found" = "$(git_in "$clone" rev-parse -q --verify "$after:$1")" ] || return 1
  [ "$old" != none ] || new="$new$1
"
}
