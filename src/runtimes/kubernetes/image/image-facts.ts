import { RuntimeFailure } from '../../failure';
import { cutEnd } from '../../text';

/** What must be known of an image before a pod of it can be made. */
export interface ImageFacts {
  /** Null where the cluster does not say. */
  digest: string | null;
  user: string;
  uid: number;
  gid: number;
  /** Its path. */
  home: string;
  shell: string;
}

/**
 * Looks up the image's user, by the name given or else by the uid it runs with: a line for that uid and each of the fields name, uid,
 * gid, home, and shell. A shell that is not there, or lets nobody in, is `sh`. POSIX, with programs wherever the image's PATH has them.
 */
export const READ_USER = `
[ -r /etc/passwd ] || exit 1
# To \`command -v\` of some shells it is one of their own.
path_of_sh() (
  IFS=:
  for dir in $PATH; do [ ! -x "$dir/sh" ] || { echo "$dir/sh"; exit; }; done
)
own=$(id -u)
printf '%s\\n' "$own"
while IFS=: read -r name _ uid gid _ home shell || [ -n "$name" ]; do
  if [ -n "$1" ]; then [ "$name" = "$1" ] || continue
  else [ "$uid" = "$own" ] || continue; fi
  case \${shell##*/} in '' | nologin | false | true | sync | halt | shutdown) shell= ;; esac
  { [ -n "$shell" ] && [ -x "$shell" ]; } || shell=$(path_of_sh)
  printf '%s\\n' "$name" "$uid" "$gid" "$home" "$shell"
  exit 0
done </etc/passwd`;

const LONGEST_NAME = 100;
/** Paths are parts of the pod object. */
const LONGEST_PATH = 1_000;

/**
 * What the answer says of the user.
 * @throws ImageInvalid when there is no such user, when it is root, or when no pod could be made for it
 */
export function readFacts(given: { reference: string; answer: string; name: string | null; digest: string | null }): ImageFacts {
  const { reference, answer, name, digest } = given;
  const [own = '', user = '', uid = '', gid = '', home = '', shell = ''] = answer.split('\n');
  const called = name ?? cutEnd(own, LONGEST_NAME);
  const invalid = (why: string) => new RuntimeFailure('ImageInvalid', `image ${reference} runs as user ${called}, ${why}`);
  if (user === '' || !isNumber(uid) || !isNumber(gid)) throw invalid('and its /etc/passwd has no such user');
  if (Number(uid) === 0) throw invalid('with uid 0, and hooks never run as root');
  if (!isText(user, LONGEST_NAME)) throw invalid('whose name is too long, or no text in UTF-8');
  const isUsable = home.startsWith('/') && home !== '/';
  const path = isUsable ? home : `/home/${user}`;
  if (!isText(path, LONGEST_PATH)) throw invalid('whose home has a path that is too long, or no text in UTF-8');
  const isShell = shell.startsWith('/') && isText(shell, LONGEST_PATH);
  return { digest, user, uid: Number(uid), gid: Number(gid), home: path, shell: isShell ? shell : '/bin/sh' };
}

const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text);

/** What came as other bytes than UTF-8 has U+FFFD in their place, and would not be what stands in the image. */
const isText = (text: string, longest: number): boolean => text.length <= longest && !/[\p{Cc}\uFFFD]/u.test(text);
