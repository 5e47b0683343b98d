import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Prints whatever a hook was given, in every encoding: `show_access`, `show_variables`, `show_files`. */
export const PRINT_ALL = `#!/bin/sh
encode_url() {
  printf '%s' "$1" | sed 's/%/%25/g; s,/,%2F,g; s/+/%2B/g; s/ /%20/g; s/&/%26/g; s/=/%3D/g; s/"/%22/g; s/\\\\/%5C/g; s/?/%3F/g; s/é/%C3%A9/g'
  echo
}
show() {
  printf 'raw %s end\\n' "$1"
  printf '%s' "$1" | base64
  printf 'x%s' "$1" | base64 -w 0
  echo
  printf 'xx%s' "$1" | base64 -w 0
  echo
  encode_url "$1"
}
secrets=\${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}
show_variables() {
  show "$NPM_TOKEN"
  show "$TEAM_KEY"
}
show_access() {
  for host in git.example.test team.example.test; do
    show "$(printf 'protocol=https\\nhost=%s\\n\\n' "$host" | GIT_TERMINAL_PROMPT=0 git credential fill 2>&1)"
  done
  show "$(cat "$PERENNIAL_TOKEN_FILE")"
}
show_files() {
  for file in "$HOME/.config/tool/secret" "$HOME/.team-secret" "$secrets/current/ssh/id_ed25519"; do
    [ ! -e "$file" ] || show "$(cat "$file")"
  done
}
env
ls -lR "$secrets/"
cat "$secrets"/current/* "$secrets"/current/*/* "$PERENNIAL_TOKEN_FILE" >&2
`;

/** Makes an image whose hook prints all it was given and fails with a secret as its last words, and a home with such a `~/personalize`. */
export function makePrintingImage({ from, image }: { from: string; image: string }): void {
  cpSync(from, image, { recursive: true });
  const configure = `${PRINT_ALL}show_files\nshow_variables\nshow_access\necho "configure failed: $NPM_TOKEN" >&2\nexit 3\n`;
  writeFileSync(path.join(image, 'rootfs', 'coder', 'configure'), configure, { mode: 0o755 });
  mkdirSync(path.join(image, 'rootfs', 'etc', 'skel'), { recursive: true });
  const personalize = `${PRINT_ALL}show_access\nshow_variables\nshow_files\nprintf 'no line end: %s' "$TEAM_KEY"\nexit 4\n`;
  writeFileSync(path.join(image, 'rootfs', 'etc', 'skel', 'personalize'), personalize, { mode: 0o755 });
}
