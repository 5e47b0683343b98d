/** A file in the memory of the pod; `name` is relative to the folder of the secrets. */
export interface PodFile {
  name: string;
  content: Buffer;
}

/** The folder that comes first on PATH. A file in it is a program for sh, without the first line that names it. */
export const PROGRAMS = 'bin/';

/** A program for sh. */
export const programFile = (name: string, text: string): PodFile => ({
  name: `${PROGRAMS}${name}`,
  content: Buffer.from(`${text}\n`),
});
