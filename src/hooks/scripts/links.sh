#!/bin/sh
# Links the dot-files of the clone into the home. Folders that exist in both are merged; a file in the way is moved aside once, and
# reported. Links are recorded, so that those whose target is gone can be distinguished from the user's own.
# Uses: dotfiles. Sets: record.

record=$HOME/.perennial/dotfiles-links

link_dotfiles() {
  linked=0 moved='' kept='' made=''
  link_folder ''
  [ "$linked" = 0 ] || report did "$linked of the dotfiles were linked into the home"
  [ -z "$moved" ] || report moved "what was in their way was moved aside, with .before-dotfiles behind its name: ${moved#, }"
  [ -z "$kept" ] || report warning "these were there already, so the dotfiles of the same names were not linked: ${kept#, }"
  [ -n "$made" ] || return 0
  rm -rf "$record.new"
  { printf '%s' "$made" >"$record.new" && mv -f "$record.new" "$record"; } 2>/dev/null
}

# $1 is the folder within the dotfiles: empty, or with a slash at its end.
link_folder() {
  for source in "$dotfiles/$1".[!.]* "$dotfiles/$1"..?*; do
    link_one "$1${source##*/}"
  done
  [ -n "$1" ] || return 0
  for source in "$dotfiles/$1"*; do
    link_one "$1${source##*/}"
  done
}

# Links are relative: the same home may lie at another path in an image whose user has another name.
link_one() {
  [ -e "$dotfiles/$1" ] || [ -L "$dotfiles/$1" ] || return 0
  case $1 in .git | .gitignore | .gitmodules | .github | .perennial | */.git) return 0 ;; esac
  if is_linked "$1"; then
    record_link "$1"
    return
  fi
  if [ -d "$HOME/$1" ] && [ ! -L "$HOME/$1" ]; then
    if [ -d "$dotfiles/$1" ] && [ ! -L "$dotfiles/$1" ]; then
      link_folder "$1/"
    else
      kept="$kept, ~/$1"
    fi
    return
  fi
  move_aside "$1" && ln -s "$target" "$HOME/$1" && linked=$((linked + 1)) && record_link "$1" || kept="$kept, ~/$1"
}

move_aside() {
  [ -e "$HOME/$1" ] || [ -L "$HOME/$1" ] || return 0
  [ ! -e "$HOME/$1.before-dotfiles" ] && [ ! -L "$HOME/$1.before-dotfiles" ] || return 1
  mv "$HOME/$1" "$HOME/$1.before-dotfiles" && moved="$moved, ~/$1"
}

record_link() {
  case $1 in *'
'*) ;; *) made="$made$1
" ;; esac
}

# Whether $1 in the home is a link made by this script. Sets `target` to what such a link contains.
is_linked() {
  target=dotfiles/$1 rest=$1
  while case $rest in */*) ;; *) false ;; esac; do
    target=../$target rest=${rest#*/}
  done
  [ -L "$HOME/$1" ] || return 1
  found=$(readlink "$HOME/$1")
  [ "$found" = "$target" ] || [ "$found" = "$dotfiles/$1" ]
}

# Removes links to files that the repository no longer has. At the top level they are recognised by their target, also without a record.
remove_stale_links() {
  for link in "$HOME"/.[!.]* "$HOME"/..?*; do
    remove_stale_link "${link##*/}"
  done
  [ -f "$record" ] && [ ! -L "$record" ] || return 0
  while IFS= read -r name; do
    case /$name/ in // | */../*) ;; *) remove_stale_link "$name" ;; esac
  done <"$record"
}

remove_stale_link() {
  [ ! -L "$HOME/$1" ] || [ -e "$HOME/$1" ] || ! is_linked "$1" || rm -f "$HOME/$1"
}
