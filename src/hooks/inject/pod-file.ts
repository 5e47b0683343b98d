/** A file in the memory of the pod; `name` is relative to the folder of the secrets. */
export interface PodFile {
  name: string;
  content: Buffer;
}

/** A program in the folder that comes first on PATH. */
export const programFile = (name: string, text: string): PodFile => ({
  name: `bin/${name}`,
  content: Buffer.from(`#!/bin/sh\n${text}\n`),
});
