import { readScript } from '../../../hooks/shell/read-script';
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

/** Prints the user of the image, whose name is $1, or else that of its uid. */
export const READ_USER = readScript(__dirname, '..', 'scripts', 'read-user.sh');

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
