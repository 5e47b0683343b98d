/** Raw payloads, below the typed client: any caller with access to the namespace can send them. */
import { randomUUID } from 'node:crypto';
import { TASK_QUEUE } from '../../../src/contract/names';
import { defaultPolicy } from '../../../src/workflows/organization/rules/policy';
import type { Stack } from './temporal-env';

interface RawPayload {
  metadata?: Record<string, Uint8Array>;
  data?: Uint8Array;
}
export type Arguments = RawPayload[];

const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (encoding: string, data: string): RawPayload => ({ metadata: { encoding: bytes(encoding) }, data: bytes(data) });
export const raw = (text: string) => encoded('json/plain', text);
export const json = (value: unknown) => raw(JSON.stringify(value));
export const LONG = 'x'.repeat(100_000);

/** Not a valid argument for any message. */
export const UNDECODABLE: Record<string, Arguments> = {
  'bad JSON': [raw('{"by":')],
  'no bytes of JSON': [raw('')],
  'no UTF-8': [{ metadata: { encoding: bytes('json/plain') }, data: Uint8Array.from([0xff, 0xfe, 0x7b]) }],
  'no metadata': [{ data: bytes('{}') }],
  'no encoding': [{ metadata: { other: bytes('json/plain') }, data: bytes('{}') }],
  'an unknown encoding': [encoded('json/fancy', '{}')],
  'an encoding of protobuf': [encoded('json/protobuf', '{}')],
  'an encrypted payload': [encoded('binary/encrypted', 'gibberish')],
  'binary data': [{ metadata: { encoding: bytes('binary/plain') }, data: Uint8Array.from([0, 1, 2, 255]) }],
  'a list': [json([{}])],
  'a text': [json('start')],
  'a number': [json(7)],
  'a long text': [json(LONG)],
  'several payloads, the first one bad': [raw('{'), json({})],
};
/** An object with invalid fields. */
export const WRONG_FIELDS: Record<string, Arguments> = {
  'a by of a wrong type': [json({ by: 7, via: 7, delayMs: '7' })],
  'a by of 100 KB': [json({ by: LONG, via: LONG, delayMs: LONG })],
  'a by that is a list': [json({ by: [], via: {}, delayMs: -1 })],
};
/** Unusual, and valid by docs/messages.md. */
export const ODD: Record<string, Arguments> = {
  'no payload': [],
  null: [json(null)],
  'nothing, as other SDKs send it': [{ metadata: { encoding: bytes('binary/null') } }],
  'unknown fields': [json({ by: null, whatever: LONG, __proto__: 1 })],
  'a second payload that is bad': [json({}), raw('{')],
};
export const BAD = Object.entries({ ...UNDECODABLE, ...WRONG_FIELDS });
/** Without the long ones: a server takes at most 50 MiB in one run. */
export const SHORT = BAD.filter(([, payloads]) => payloads.every(({ data }) => (data?.length ?? 0) < 1_000));
export const KNOWN = ['ping', 'start', 'stop', 'rebuild', 'cancelBuild'];
export const INTERNAL = ['podLost', 'policyChanged', 'secretsChanged', 'required'];
export const UNKNOWN = [
  'usageReported',
  'unknown-message',
  'toString',
  '__proto__',
  '__temporal_x',
  '__temporal_signal',
  LONG.slice(0, 900),
];

export const GARBAGE_POLICIES: Record<string, unknown> = {
  'no fields': {},
  'a duration that is none': { ...defaultPolicy(), version: 99, autoOff: { after: 'banana', userControlled: false } },
  'a part that is missing': { version: 99, autoOff: { after: '2h', userControlled: false }, retention: '7d' },
  'a part that is null': { ...defaultPolicy(), version: 99, autoStart: null, images: null, resources: null, build: null },
  'a quantity that is none': { ...defaultPolicy(), version: 99, resources: { default: { cpu: 'much' }, max: { cpu: '?' } } },
  'a version that is no whole number': { ...defaultPolicy(), version: 1.5 },
};
/** Invalid creations, and the type that the workflow fails with. */
export const CREATIONS: Record<string, [type: string, payloads: Arguments]> = {
  ...Object.fromEntries([...BAD, ['no payload', []] as const].map(([kind, payloads]) => [kind, ['InvalidRequest', payloads]])),
  'an organization that does not exist': ['NotFound', [creation({ organization: 'nowhere' })]],
  'an auto-off of its own that is not allowed': ['NotAllowed', [creation({ autoOff: { after: '45m' } })]],
  'no image where none is listed': ['InvalidRequest', [creation({ image: null })]],
  'another name than the id says': ['InvalidRequest', [creation({ name: 'other' })]],
  'an owner of a wrong shape': ['InvalidRequest', [creation({ owner: '../ada' })]],
  'dotfiles with a ref and no URI': ['InvalidRequest', [creation({ dotfiles: { ref: 'main' } })]],
  'a zone that does not exist': ['InvalidRequest', [creation({ autoStart: { time: '08:30', timeZone: 'Mars/Olympus' } })]],
  'a state as of an earlier run': ['InvalidRequest', [json({ carried: { schemaVersion: 1, phase: 'running' } })]],
  'an image of 100 KB': ['InvalidRequest', [creation({ image: LONG })]],
};
/** Raw calls of a stack's server. */
export function rawMessages(stack: Stack) {
  const { workflowService, options } = stack.client.temporal;
  const { namespace } = options;
  const execution = (workflowId: string) => ({ namespace, workflowExecution: { workflowId } });
  return {
    signal: (workflowId: string, signalName: string, payloads: Arguments) =>
      workflowService.signalWorkflowExecution({
        ...execution(workflowId),
        signalName,
        input: { payloads },
        requestId: randomUUID(),
      }),
    query: (workflowId: string, queryType: string, payloads: Arguments) =>
      workflowService.queryWorkflow({ namespace, execution: { workflowId }, query: { queryType, queryArgs: { payloads } } }),
    /** Returns the outcome, which holds a failure for a refusal. */
    update: async (workflowId: string, name: string, payloads: Arguments) => {
      const request = { meta: { updateId: randomUUID(), identity: 'test' }, input: { name, args: { payloads } } };
      const answer = await workflowService.updateWorkflowExecution({
        ...execution(workflowId),
        request,
        waitPolicy: { lifecycleStage: 3 },
      });
      return answer.outcome;
    },
    start: (workflowId: string, payloads: Arguments) =>
      workflowService.startWorkflowExecution({
        namespace,
        workflowId,
        workflowType: { name: 'workspace' },
        taskQueue: { name: TASK_QUEUE },
        input: { payloads },
        requestId: randomUUID(),
      }),
  };
}

function creation(change: object): RawPayload {
  return json({ owner: 'ada', name: 'never', image: 'starter:1', ...change });
}
