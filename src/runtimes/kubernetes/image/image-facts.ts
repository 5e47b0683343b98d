import { readScript } from '../../../hooks/shell/read-script';
import { RuntimeFailure } from '../../failure';
import { cutEnd } from '../../text';

/** The facts of an image that its pod is made from. */
export interface ImageFacts {
  /** Null where the cluster does not report one. */
  digest: string | null;
  user: string;
  uid: number;
  gid: number;
  /** The path of the user's home. */
  home: string;
  /** The path of the login shell. */
  shell: string;
}

/** Prints the user of the image, whose name is $1, or else that of its uid. */
export const READ_USER = readScript(__dirname, '..', 'scripts', 'read-user.sh');

const LONGEST_NAME = 100;
/** Paths are written to the pod object, whose size is limited. */
const LONGEST_PATH = 1_000;

/**
 * The facts in the output of `READ_USER`.
 * @throws ImageInvalid when there is no such user, when it is root, or when no pod could be made for it
 */
export function readFacts(output: { reference: string; answer: string; name: string | null; digest: string | null }): ImageFacts {
  const { reference, answer, name, digest } = output;
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

/** Bytes that are not UTF-8 were decoded to U+FFFD, and no longer name the path in the image. */
const isText = (text: string, longest: number): boolean => text.length <= longest && !/[\p{Cc}\uFFFD]/u.test(text);
