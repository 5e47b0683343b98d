#!/bin/sh
# The log of the runner in the home. Whatever is in its place is neither waited for nor followed: a file opened for reading and writing
# never waits for the other end of a pipe. From then on the log is known by its open file 4 alone, so a hook may remove it.
# Uses: step, build, folder, log_max, log_kept, log_limit, remove_file, signal_hook. Sets: log.

# Removes the log of an earlier pod of the same build: the hook runs again, and its lines must stand there once.
prepare_log() {
  directory=$HOME
  for part in .perennial logs "build-$build"; do
    directory=$directory/$part
    [ ! -L "$directory" ] && { [ -d "$directory" ] || mkdir "$directory"; } || return 1
  done
  log=$directory/$step.log
  remove_file "$log"
}

# Opening a file on a full disk succeeds; writing does not.
is_writable() {
  [ -f /proc/self/fd/4 ] && printf '%65536s' '' >&4 && : >/proc/self/fd/4
}

cut_log() {
  [ -s /proc/self/fd/4 ] || return 0
  size=$(wc -c </proc/self/fd/4)
  [ "$size" -gt "$log_max" ] || return 0
  # The hook is stopped meanwhile: what it wrote between the reading and the shortening would be lost.
  signal_hook STOP
  shorten_log
  signal_hook CONT
}

# Shortened in place, as there may be no room beside it, and never replaced, as the hook holds this very file open. Reading is always
# ahead of writing.
shorten_log() {
  size=$(wc -c </proc/self/fd/4)
  from=$((size - log_kept))
  first=$(tail -c "$log_kept" /proc/self/fd/4 | head -c 65536 | head -n 1 | wc -c)
  # A line that is cut is left out, unless it is nearly all there is.
  [ "$first" -ge 65536 ] || from=$((from + first))
  note="[perennial: this log passed $log_limit; its beginning was cut here]"
  { printf '%s\n' "$note" && tail -c "+$((from + 1))" /proc/self/fd/4; } | dd of=/proc/self/fd/4 bs=65536 conv=notrunc
  dd if=/dev/null of=/proc/self/fd/4 bs=1 seek="$((${#note} + 1 + size - from))"
} 2>/dev/null

# Saves the end for polls that come after the runner: the hook may have removed the log itself.
save_output_end() {
  tail -c 65537 /proc/self/fd/4 >"$folder/end"
} 2>/dev/null
