/** Shell functions that read the system's own word on time and processes, without starting any process. */
export const PROCESS_SCRIPT = `
# Hundredths of a second since the machine's start: never set back.
clock() {
  read -r uptime idle </proc/uptime
  now=$((\${uptime%.*} * 100 + 1\${uptime#*.} - 100))
}

# A program's name stands in brackets and may itself hold blanks and brackets; the fields are counted from the last one on.
set_fields() {
  set -- \${1##*) }
  state=$1 parent=$2 session=$4 born=\${20}
}

read_stat() {
  { IFS= read -r line <"$1"; } 2>/dev/null || return 1
  # A program's name may even hold a line break.
  case $line in *') '*) ;; *) line=$(cat "$1" 2>/dev/null) ;; esac
  pid=\${line%% *}
  set_fields "$line"
}
`;
