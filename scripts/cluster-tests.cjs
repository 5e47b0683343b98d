/** Files of test/end-to-end/kubernetes that need more than a cluster: the variable that has it, and what it is. */
const NEEDS = [
  {
    name: 'git-hosts',
    variable: 'PERENNIAL_TEST_CLUSTER_TOOL',
    what: "the tool's cluster, whose pods reach this machine",
  },
  {
    name: 'canary',
    variable: 'PERENNIAL_TEST_CLUSTER_TOOL',
    what: "the tool's cluster, whose pods reach this machine and whose etcd answers on its node",
  },
  { name: 'faults', variable: 'PERENNIAL_TEST_CLUSTER_TOOL', what: 'the tool that made the cluster, to end parts of it' },
  {
    name: 'open-network',
    variable: 'PERENNIAL_TEST_CLUSTER_TOOL',
    what: "the tool's cluster, which enforces no network policy",
  },
];

/**
 * The files that this environment lacks something for.
 * @param {NodeJS.ProcessEnv} env
 */
const leftOut = (env) => NEEDS.filter(({ variable }) => !env[variable]);

module.exports = { leftOut };
