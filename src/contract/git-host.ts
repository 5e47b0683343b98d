/** The Git hosts that a policy names. */

/** A name or an IPv4 address in lower case, with a port where it is not HTTPS's own. */
export const GIT_HOST = /^(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\d{0,4})?$/;
