/** The poll of a hook without anything to run. */
export const NO_HOOK = { exitCode: 0, stdout: 'state ended\nexit 0\nreport skipped: there is nothing to run\n', stderr: '' };
