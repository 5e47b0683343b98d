/** What the payload converter puts in the place of a payload that it could not decode; the checks of fields refuse it. */
export class Malformed {
  constructor(readonly reason: string) {}
}
