/** Variables that some shells reserve. A shell that refuses a value ends, so each is tried in a subshell first. */
export const KEPT_BY_SHELLS: ReadonlySet<string> = new Set(
  'UID EUID PPID GROUPS OPTIND SHELLOPTS BASHOPTS BASH_VERSINFO LINENO RANDOM SECONDS'.split(' '),
);
