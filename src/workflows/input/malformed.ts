/** The payload converter's marker for a payload that it could not decode; the checks of fields refuse it. */
export class Malformed {
  constructor(readonly reason: string) {}
}
