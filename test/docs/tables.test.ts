/** Reference tables of the documents list what the code has, no more and no less. */
import { FINAL_TYPES, INTERNAL_TYPES, TEMPORARY_TYPES } from '../../src/contract/failure-types';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names';
import { WEEKDAYS } from '../../src/contract/settings';
import { readSettings as readGatewaySettings } from '../../src/gateway/settings';
import { USAGE } from '../../src/start/options';
import { readSettings } from '../../src/worker/settings';
import { defaultPolicy, SETTABLE } from '../../src/workflows/organization/rules/policy';
import { codesIn, firstCells, headingsOf, readDocument, rowsOf, sectionOf } from '../support/documents';
import { interfacesOf } from '../support/payload-fields';
import { read, walk } from '../support/source-scans';

const doc = (name: string) => readDocument(`docs/${name}.md`);
/** What is sent between Perennial's own parts, limits, and the policy, which has a page of its own. */
const IS_OTHER = /\/(?:internal\/\w+|text-limit|policy)\.ts$/;
/** Fields that a workspace keeps, and no message has as a whole. */
const NO_PAYLOADS = ['OwnSettings'];
const PAYLOADS = interfacesOf(walk('src/contract').filter(({ file }) => !IS_OTHER.test(file))).filter(
  ([name]) => !NO_PAYLOADS.includes(name),
);

test('The table of failures is the closed list of the code, in its order and families.', () => {
  const rows = rowsOf(doc('failures').lines).slice(0, FINAL_TYPES.length + TEMPORARY_TYPES.length + INTERNAL_TYPES.length);
  const familyOf = (types: readonly string[], family: string) => types.map((type) => [`\`${type}\``, family]);
  expect(rows.map(([type, family]) => [type, family])).toEqual([
    ...familyOf(FINAL_TYPES, 'final'),
    ...familyOf(TEMPORARY_TYPES, 'temporary'),
    ...familyOf(INTERNAL_TYPES, 'internal'),
  ]);
});

test('The tables of settings have every variable that the worker reads, and no other.', () => {
  const variables = read('src/worker/settings.ts').text.matchAll(/\bPERENNIAL_[A-Z_]+/g);
  const documented = ['Worker', 'Kubernetes', 'Sandbox'].flatMap((heading) => firstCells(sectionOf(doc('settings'), heading)));
  const named = documented.filter((name) => name.startsWith('PERENNIAL_'));
  expect([...named].sort()).toEqual([...new Set([...variables].map(([name]) => name))].sort());
});

test('The defaults in the tables of settings are those of the worker.', () => {
  const settings = readSettings({});
  const actual: Record<string, unknown> = {
    PERENNIAL_RUNTIME: settings.runtime,
    PERENNIAL_FIRST_IMAGE: settings.firstImage,
    PERENNIAL_START_SLOTS: settings.startSlots,
    PERENNIAL_CARE_SLOTS: settings.careSlots,
    PERENNIAL_WATCH_INTERVAL_MS: settings.watchIntervalMs,
    PERENNIAL_MAX_CACHED_WORKFLOWS: settings.maxCachedWorkflows,
    PERENNIAL_LOG_LEVEL: settings.logLevel,
    PERENNIAL_KUBERNETES_ACCESS_MODE: settings.kubernetes.accessMode,
    PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: settings.kubernetes.imagePullPolicy,
    PERENNIAL_SANDBOX_ISOLATION: settings.sandbox.isolation,
  };
  const rows = ['Worker', 'Kubernetes', 'Sandbox'].flatMap((heading) => rowsOf(sectionOf(doc('settings'), heading)));
  const documented = Object.fromEntries(rows.map(([name = '', value = '']) => [codesIn(name)[0], codesIn(value)[0]]));
  for (const [name, value] of Object.entries(actual)) expect([name, documented[name]]).toEqual([name, String(value)]);
});

test('The table of the gateway’s settings has every variable that it reads, with its default.', () => {
  const variables = read('src/gateway/settings.ts').text.matchAll(/\bPERENNIAL_[A-Z_]+(?=:)/g);
  const rows = rowsOf(sectionOf(doc('settings'), 'Gateway'));
  const documented = Object.fromEntries(rows.map(([name = '', value = '']) => [codesIn(name)[0], codesIn(value)[0] ?? value]));
  expect(Object.keys(documented).sort()).toEqual([...new Set([...variables].map(([name]) => name))].sort());
  const settings = readGatewaySettings({});
  expect(documented).toMatchObject({
    PERENNIAL_GATEWAY_HOST: settings.host,
    PERENNIAL_GATEWAY_PORT: String(settings.port),
    PERENNIAL_GATEWAY_CALLS_PER_MINUTE: String(settings.limits.callsPerMinute),
    PERENNIAL_GATEWAY_SERVICE_CALLS_PER_MINUTE: String(settings.limits.serviceCallsPerMinute),
    PERENNIAL_GATEWAY_PINGS_PER_MINUTE: String(settings.limits.pingsPerMinute),
    PERENNIAL_GATEWAY_SERVICE_PINGS_PER_MINUTE: String(settings.limits.servicePingsPerMinute),
    PERENNIAL_RUNTIME: settings.runtime ?? 'none',
    PERENNIAL_SECRETS_NAMESPACE: settings.secrets.namespace,
    PERENNIAL_LOG_LEVEL: settings.logLevel,
  });
});

test('The table of policy fields has each field of the policy with its default, and says which cannot be set.', () => {
  const rows = rowsOf(sectionOf(doc('policy'), 'Fields'));
  const documented = Object.fromEntries(rows.map(([field = '', value = '']) => [codesIn(field)[0], codesIn(value)[0]]));
  const defaults = Object.fromEntries(leavesOf(defaultPolicy()).map(([field, value]) => [field, JSON.stringify(value)]));
  expect(documented).toEqual(defaults);
  const settable = rows
    .filter(([, , meaning = '']) => !meaning.startsWith('Not settable yet'))
    .map(([field = '']) => codesIn(field)[0]);
  expect(new Set(settable.map((field) => field?.split('.')[0]))).toEqual(new Set(['version', ...SETTABLE]));
});

test.each(PAYLOADS)('The payload %s is documented field by field.', (name, fields) => {
  expect(firstCells(sectionOf(doc('messages'), `\`${name}\``))).toEqual(fields);
});

test('Every payload that is documented exists.', () => {
  const known = interfacesOf(walk('src/contract')).map(([name]) => name);
  const documented = headingsOf(doc('messages')).flatMap(codesIn);
  expect(documented.filter((name) => !known.includes(name))).toEqual([]);
});

test('The search attributes are documented with their types.', () => {
  const rows = rowsOf(sectionOf(doc('messages'), 'Workflows')).filter(([, type = '']) => /^(?:Keyword|Int|Datetime)$/.test(type));
  const documented = Object.fromEntries(rows.map(([name = '', type = '']) => [codesIn(name)[0], type.toUpperCase()]));
  expect(documented).toEqual(SEARCH_ATTRIBUTES);
});

test('The options of npm start are documented, each that its help lists.', () => {
  const options = [...USAGE.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1] ?? '');
  const documented = firstCells(sectionOf(doc('embedded-stack'), 'Options')).map((option) => option.split(' ')[0] ?? '');
  expect([...documented, '--help'].sort()).toEqual(options.sort());
});

/** Every value that is no object of fields, by its dotted path; what is filled by its users is one value. */
function leavesOf(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const isFields = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isFields ? leavesOf(inner, `${prefix}${key}.`) : [[`${prefix}${key}`, inner]];
  });
}

test('The weekdays are named in the documents as the code has them.', () => {
  const [, value] = rowsOf(sectionOf(doc('policy'), 'Fields')).find(([field]) => field === '`autoStart.weekdays`') ?? [];
  expect(JSON.parse(codesIn(value ?? '')[0] ?? '')).toEqual([...WEEKDAYS]);
});
