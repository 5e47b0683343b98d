/** The life of secrets in a cluster: they reach a running pod, Git, and the workspace's own command, and show nowhere else. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOwnerKey, ownerKey } from '../../../src/secrets/owner-key';
import { plantSecrets, readKeys, SECRETS } from '../../support/canary/canary-stack';
import { type ClusterCanary, OWNER, startClusterCanary } from '../../support/canary/cluster-canary';
import { addWorkflows } from '../../support/canary/evidence';
import { PRINT_ALL } from '../../support/canary/hook-image';
import { findCanaries, needlesOf, plantCanary } from '../../support/canary/needles';
import { type HttpsServer, MISSING, type SshServer, startHttpsServer, startSshServer } from '../../support/git-servers';
import { listAllObjects, listEtcd } from '../../support/kubernetes/all-objects';
import { IMAGE } from '../../support/kubernetes/cluster-env';
import { NAMESPACE, purge } from '../../support/kubernetes/cluster-stack';
import { until } from '../../support/until';

const WORKSPACE = `${OWNER}/dev`;
const LIMIT_MS = 600_000;
/** Within it a change reaches a running workspace. */
const DELIVERY_MS = 60_000;
const HOOK = `${PRINT_ALL}show_files\nshow_variables\nshow_access\n`;
const CARRIERS: [kind: string, leastBytes: number][] = [
  ['histories', 10_000],
  ['descriptions', 1_000],
  ['log lines', 1_000],
  ['processes', 1_000],
  ['command line', 500],
  ['gateway responses', 500],
  ['home', 1_000],
  [`objects in ${NAMESPACE}`, 5_000],
];
const PASSWORD = plantCanary('password of the dotfiles');
const DOTFILES = { name: 'DOTFILES', args: [] as string[], canary: PASSWORD };
/** One for each target, and one of the organization. */
const PLANTED = [
  ...SECRETS.filter(({ name }) => ['NPM_TOKEN', 'TOOL', 'TEAM_KEY'].includes(name)).map((each) => ({
    ...each,
    args: each.args.map((arg) => (arg === 'ada' ? OWNER : arg)),
  })),
  DOTFILES,
];

let stack: ClusterCanary;
let ssh: SshServer;
let https: HttpsServer;

const workspace = () => stack.client.workspace(OWNER, 'dev');
const run = async (args: string[], stdin = '') =>
  expect({ args, ...(await stack.perennial(args, { stdin })) }).toMatchObject({ args, code: 0 });

const untilBuilt = (build: number) =>
  until(`build ${build} runs`, async () => {
    const status = await workspace().status();
    return status.state === 'running' && status.build?.number === build;
  });

/** What the step `personalize` of the last build says, and what of the repository lies in the home. */
async function readDotfiles() {
  const step = (await workspace().build()).steps.find(({ name }) => name === 'personalize');
  return { state: step?.state, message: step?.message, vimrc: await stack.inside('cat dotfiles/.vimrc') };
}

/** Objects of this moment: all are searched in the organization's namespace, and the store is the only place for a secret elsewhere. */
async function addObjects(): Promise<void> {
  for (const { kind, name, text } of await listAllObjects()) {
    const [namespace] = name.split('/');
    stack.evidence.add(namespace === NAMESPACE ? `objects in ${NAMESPACE}` : 'other objects', `${kind} ${name}`, text);
  }
}

function testDotfiles(): void {
  test(
    'Dotfiles in private repositories are cloned over SSH and over HTTPS, beside a hook that prints every secret.',
    async () => {
      DOTFILES.args = [OWNER, 'DOTFILES', '--git', https.host];
      const more = [
        { host: ssh.host, knownHosts: [ssh.knownHost] },
        { host: https.host, knownHosts: [] },
      ];
      await plantSecrets(stack, { secrets: PLANTED, more });
      ssh.accept((await ownerKey(stack.store, OWNER)).publicKey);
      const cloned = (uri: string) => ({ state: 'done', message: expect.stringContaining(uri), vimrc: 'set number\n' });
      await stack.client.create({ owner: OWNER, name: 'dev', image: IMAGE, dotfiles: { uri: ssh.uri }, by: 'test' });
      await untilBuilt(1);
      expect(await readDotfiles()).toEqual(cloned(ssh.uri));
      await stack.inside(
        `printf %s '${https.certificate}' >ca.pem; git config --global http.sslCAInfo "$HOME/ca.pem"; rm -rf dotfiles`,
      );
      await stack.inside(`cat >personalize <<'END'\n${HOOK}END\nchmod +x personalize`);
      await addObjects();
      await workspace().configure({ dotfiles: { uri: https.uri }, by: 'test' });
      await workspace().rebuild({ by: 'test' });
      await untilBuilt(2);
      expect(await readDotfiles()).toEqual(cloned(https.uri));
      await readKeys(stack, OWNER);
      // What the hook printed is raw in its own log, so that the search is one for values that were really there.
      const printed = findCanaries(needlesOf(stack.canaries), await stack.inside('cat .perennial/logs/build-2/personalize.log'));
      const places = [...PLANTED.map(({ canary }) => canary.place), "owner's SSH key", "workspace's token"];
      expect([...new Set(printed.map((each) => each.replace(/ \(.*/, '')))].sort()).toEqual(places.sort());
      await run(['logs', WORKSPACE, '--step', 'personalize']);
      expect(stack.evidence.has('command line', '***')).toBe(true);
    },
    LIMIT_MS,
  );
}

function testDeliveries(): void {
  test(
    'A variable reaches the next terminal within a minute and without a rebuild, and is gone from the next one after its deletion.',
    async () => {
      const later = plantCanary('later variable');
      stack.canaries.push(later);
      const terminal = () => stack.type('printf "<%s>\\n" "$LATER"');
      expect(await terminal()).toContain('<>');
      await run(['secret', 'set', OWNER, 'LATER', '--env', 'LATER'], `${later.value}\n`);
      const isThere = async () => (await terminal()).includes(`<${later.value}>`);
      await until('a terminal has it', isThere, { patienceMs: DELIVERY_MS });
      await run(['secret', 'delete', OWNER, 'LATER']);
      await until('a terminal lacks it', async () => (await terminal()).includes('<>'), { patienceMs: DELIVERY_MS });
      expect(await workspace().status()).toMatchObject({ state: 'running', build: { number: 2 } });
    },
    LIMIT_MS,
  );

  test(
    'A new key reaches the running pod within a minute, and the old one is refused.',
    async () => {
      const old = await findOwnerKey(stack.store, OWNER);
      const { code, out } = await stack.perennial(['key', 'rotate', OWNER, '--json']);
      const key = JSON.parse(out);
      expect({ code, ...key }).toMatchObject({ code: 0, delivered: [WORKSPACE], holding: [] });
      expect(await workspace().status()).toMatchObject({ sshKey: key.fingerprint, build: { number: 2 } });
      expect(await stack.inside(`git ls-remote ${ssh.uri}`)).toContain('Permission denied');
      ssh.accept(key.publicKey);
      expect(await stack.inside(`git ls-remote ${ssh.uri}`)).toContain('refs/heads/main');
      await expect(listRemote(ssh.uri, old?.privateKey ?? '')).rejects.toThrow(/Permission denied/);
      await expect(listRemote(ssh.uri, (await findOwnerKey(stack.store, OWNER))?.privateKey ?? '')).resolves.toContain(
        'refs/heads',
      );
      await readKeys(stack, OWNER);
    },
    LIMIT_MS,
  );
}

function testCommand(): void {
  test(
    'The command in the pod shows, pings, and stops its workspace, whose token ends with the pod.',
    async () => {
      const token = (await stack.inside('cat "$PERENNIAL_TOKEN_FILE"')).trim();
      const ask = () => stack.ask(`/v1/workspaces/${WORKSPACE}`, { token });
      expect(await stack.inside('perennial status')).toContain(`${WORKSPACE} is running`);
      expect(await stack.inside('perennial ping --via ssh')).toBe(`${WORKSPACE}: pinged\n`);
      expect((await workspace().status()).autoOff.lastAccess?.via).toBe('ssh');
      expect(await ask()).toBe(200);
      stack.evidence.add('home', 'the home', await stack.inside('tar --exclude=./.perennial/logs -cf - . 2>&1'));
      await readKeys(stack, OWNER);
      await addObjects();
      // Its answer may be lost with the pod.
      await stack.inside('perennial stop --reason "the day is over"').catch(() => '');
      await until('it is off', async () => (await workspace().status()).state === 'off');
      expect(JSON.stringify(await workspace().explain())).toContain('the day is over');
      expect(await ask()).toBe(401);
      await addObjects();
    },
    LIMIT_MS,
  );
}

function testSearch(): void {
  test(
    'The store’s Secrets are the only place in the cluster that has a secret, also in etcd.',
    async () => {
      const isStored = expect.arrayContaining([...PLANTED.map(({ canary }) => canary.place), "owner's SSH key", 'signing key']);
      const placesOf = (leaks: string[]) => [...new Set(leaks.map((leak) => leak.replace(/^.*: | \(.*/g, '')))];
      const leaks = stack.evidence.leaks('other objects', stack.canaries);
      const ofStore = new RegExp(`^Secret ${stack.system}/perennial-key-[0-9a-f]{40}: `);
      expect(leaks.filter((leak) => !ofStore.test(leak))).toEqual([]);
      expect(placesOf(leaks)).toEqual(isStored);
      for (const { key, value } of await listEtcd()) stack.evidence.add('etcd', key, value);
      const inEtcd = stack.evidence.leaks('etcd', stack.canaries);
      expect(inEtcd.filter((leak) => !leak.startsWith(`/registry/secrets/${stack.system}/perennial-key-`))).toEqual([]);
      expect(placesOf(inEtcd)).toEqual(isStored);
    },
    LIMIT_MS,
  );

  test(
    'The workspace is purged, and its stack ends.',
    async () => {
      await purge(stack.client, workspace());
      await addWorkflows(stack.evidence, stack.client);
      await stack.end();
    },
    LIMIT_MS,
  );

  test.each(CARRIERS)('No secret is in the %s.', (kind, leastBytes) => {
    expect(stack.evidence.sizeOf(kind)).toBeGreaterThanOrEqual(leastBytes);
    expect(stack.evidence.leaks(kind, stack.canaries)).toEqual([]);
  });
}

/** Lists a repository from this machine, with one key alone. */
async function listRemote(uri: string, privateKey: string): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-key-'));
  const file = path.join(folder, 'key');
  writeFileSync(file, privateKey, { mode: 0o600 });
  chmodSync(file, 0o600);
  const options = '-F none -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';
  const env = { ...process.env, GIT_SSH_COMMAND: `ssh -i ${file} ${options}` };
  try {
    return (await promisify(execFile)('git', ['ls-remote', uri], { env })).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (MISSING.length === 0) {
  beforeAll(async () => {
    stack = await startClusterCanary();
    ssh = await startSshServer(stack.host);
    https = await startHttpsServer({ username: 'oauth2', password: PASSWORD.value }, stack.host);
  }, LIMIT_MS);

  afterAll(async () => {
    await stack?.end();
    await Promise.all([ssh?.stop(), https?.stop()]);
  }, LIMIT_MS);
  testDotfiles();
  testDeliveries();
  testCommand();
  testSearch();
} else {
  test(`Secrets in a cluster are not tested here: ${MISSING.join(', ')}.`, () => expect(MISSING).not.toEqual([]));
}
