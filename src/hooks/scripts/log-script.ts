/**
 * Shell functions for the log in the home, as the runner uses them. Whatever lies in the log's place, they neither wait for it nor
 * follow it: a file opened for reading and writing never waits for somebody at the other end of a pipe. From then on the log is known
 * by its open file 4 alone, so that a hook may remove it.
 */
export const LOG_SCRIPT = `
# Whatever an earlier pod of the same build wrote is over: the hook runs anew, and its lines stand there once.
clear_place() {
  where=$HOME
  for part in .perennial logs "build-$build"; do
    where=$where/$part
    [ ! -L "$where" ] && { [ -d "$where" ] || mkdir "$where"; } || return 1
  done
  log=$where/$step.log
  rm -f "$log"
}

# Opening a file on a full disk succeeds; writing does not.
is_writable() {
  [ -f /proc/self/fd/4 ] && printf '%65536s' '' >&4 && : >/proc/self/fd/4
}

cut_log() {
  [ -s /proc/self/fd/4 ] || return 0
  size=$(wc -c </proc/self/fd/4)
  [ "$size" -gt "$log_max" ] || return 0
  # The hook is held meanwhile: what it wrote between the reading and the shortening would be lost.
  signal_hook STOP
  shorten_log
  signal_hook CONT
}

# Within the file, as there may be no room beside it, and never replaced: the hook holds this very file open. What is read is always
# ahead of what is written.
shorten_log() {
  size=$(wc -c </proc/self/fd/4)
  from=$((size - log_kept))
  first=$(tail -c "$log_kept" /proc/self/fd/4 | head -c 65536 | head -n 1 | wc -c)
  # A line that is cut is left out, unless there is hardly any other.
  [ "$first" -ge 65536 ] || from=$((from + first))
  note="[perennial: this log passed $log_limit; its beginning was cut here]"
  { printf '%s\\n' "$note" && tail -c "+$((from + 1))" /proc/self/fd/4; } | dd of=/proc/self/fd/4 bs=65536 conv=notrunc
  dd if=/dev/null of=/proc/self/fd/4 bs=1 seek="$((\${#note} + 1 + size - from))"
} 2>/dev/null

# The end, for those who come after the runner. The hook may have removed the log itself.
keep_end() {
  tail -c 65537 /proc/self/fd/4 >"$folder/end"
} 2>/dev/null
`;
