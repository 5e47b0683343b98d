/** docker-compose.yml without a container engine: the specification's schema, our own rules, and the files that it mounts. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { type Compose, checkRules, checkSchema, type Service } from '../support/compose-rules';

const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const compose: Compose = parse(read('docker-compose.yml'));
const { services } = compose;

test('The file is one of the Compose specification.', () => {
  expect(checkSchema(compose)).toEqual([]);
});

test('Every image is of an exact version, every port on 127.0.0.1, every wait for something that comes, every volume named.', () => {
  expect(checkRules(compose)).toEqual([]);
});

test('The stack is PostgreSQL, Temporal with its schema and its Web UI, k3s, and the worker.', () => {
  const images = Object.values(services).map(({ image = '' }) => image.split(':')[0]);
  expect([...new Set(images)].sort()).toEqual(
    ['perennial-worker', 'postgres', 'rancher/k3s', 'temporalio/admin-tools', 'temporalio/server', 'temporalio/ui'].sort(),
  );
});

test('Temporal’s server and the tools that make its schema are of one version.', () => {
  const versions = ['temporal', 'temporal-schema', 'temporal-namespace'].map((name) => services[name]?.image?.split(':')[1]);
  expect(new Set(versions).size).toBe(1);
});

test('Task priorities are on, and the throttle on a shard is lifted.', () => {
  const file = services.temporal?.environment?.DYNAMIC_CONFIG_FILE_PATH ?? '';
  const settings = parse(read(file.replace('/perennial/', 'deploy/compose/')));
  expect(settings['matching.useNewMatcher']).toEqual([{ value: true }]);
  expect(settings['history.transferProcessorMaxPollRPS'][0].value).toBeGreaterThanOrEqual(1_000);
});

test('The server has the settings of the embedded one.', () => {
  const embedded = read('src/start/temporal/server.ts').matchAll(/'([a-z]+\.\w+)=(\w+)'/g);
  const expected = Object.fromEntries([...embedded].map(([, key = '', value = '']) => [key, [{ value: JSON.parse(value) }]]));
  expect(parse(read('deploy/compose/dynamic-config.yaml'))).toEqual(expected);
});

test('The worker reaches Temporal and the cluster by the names and files that the other services give.', () => {
  const worker = services.worker?.environment ?? {};
  expect(worker.PERENNIAL_RUNTIME).toBe('kubernetes');
  expect(worker.TEMPORAL_ADDRESS).toBe('temporal:7233');
  expect(worker.TEMPORAL_NAMESPACE).toBe(services['temporal-namespace']?.environment?.TEMPORAL_NAMESPACE);
  expect(worker.KUBECONFIG).toBe('/credentials/kubeconfig.yaml');
  expect(sourceOf(services.worker, '/credentials')).toBe(sourceOf(services['cluster-access'], '/credentials'));
});

test('Only the cluster and the service that makes the worker’s kubeconfig see the administrator’s.', () => {
  const holders = Object.entries(services).filter(([, service]) => sourceOf(service, '/etc/rancher') !== undefined);
  expect(holders.map(([name]) => name)).toEqual(['k3s', 'cluster-access']);
});

test('Every file of the repository that a service runs or reads is there, and every script parses.', () => {
  const inside = /\/(?:perennial|deploy\/compose)\/([\w.-]+)/g;
  const named = new Set([...read('docker-compose.yml').matchAll(inside)].map(([, file = '']) => `deploy/compose/${file}`));
  expect(named.size).toBe(4);
  for (const file of named) expect([file, existsSync(path.join(ROOT, file))]).toEqual([file, true]);
  for (const script of [...named].filter((file) => file.endsWith('.sh'))) execFileSync('sh', ['-n', path.join(ROOT, script)]);
});

test('The checks find what they look for.', () => {
  const wrong: Compose = {
    services: {
      loose: { image: 'postgres:latest', ports: ['5432:5432'], environment: { A_TOKEN: 'x' }, volumes: ['lost:/data'] },
      early: { image: 'a/b:1.2.3', healthcheck: { test: 'true' }, depends_on: { loose: { condition: 'service_started' } } },
      blind: { image: 'a/b:v1.2.3-k3s1', healthcheck: { test: 'true' }, depends_on: { none: { condition: 'service_healthy' } } },
    },
    volumes: { idle: null },
  };
  expect(checkRules(wrong)).toEqual([
    'loose: image postgres:latest has no exact version',
    'loose: port 5432:5432 is not on 127.0.0.1',
    'loose: A_TOKEN is a secret in the file',
    'loose: has no health check, and no service waits for its end',
    'early: waits for loose to be service_started',
    'blind: waits for none, which is not there',
    'volume lost is used and not declared',
    'volume idle is declared and not used',
  ]);
  expect(checkSchema({ services: { a: { imgae: 'a:1' } } })).toEqual([expect.stringContaining('imgae')]);
});

/** The volume that a service mounts at a path. */
function sourceOf(service: Service | undefined, target: string): string | undefined {
  return service?.volumes?.map((volume) => volume.split(':')).find(([, at]) => at === target)?.[0];
}
