/** Why the stack does not start, in one sentence for the user. Exit code 1 is refused or failed, 2 is wrong usage. */
export class StartRefusal extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options: { cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StartRefusal';
  }
}
