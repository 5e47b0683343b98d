/** The names of variables that a workspace's settings and secrets may set. Pure, so that workflows may import it. */

/** A name as POSIX has it. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Variables that the workspace sets itself. */
export const OWN_ENV = /^(?:CODER_.*|PERENNIAL_.*|HOME|PATH|USER|LOGNAME|SHELL|LD_.*|GIT_SSH.*)$/;
