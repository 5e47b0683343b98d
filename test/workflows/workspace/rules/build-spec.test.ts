import type { Policy } from '../../../../src/contract/policy';
import { checkOwn, isEqualSpec, waitingChange, wantedSpec } from '../../../../src/workflows/workspace/rules/build-spec';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild } from '../../../../src/workflows/workspace/rules/requests';
import { viewBuild, viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { created, inColumn, policyWith, refusalOf, running } from '../../../support/workflows/state-builders';

const STARTER: Policy['images'] = [
  { name: 'starter', defaultTag: '2', tags: { 1: 'available', 2: 'available' } },
  { name: 'other', defaultTag: 'x', tags: {} },
];

function wantedImage(image: string | undefined, images: Policy['images'] = []): string {
  const { state } = created({ image: image ?? null });
  return wantedSpec(state, state.own, { ...policyWith(), images }).image;
}

test.each([
  [undefined, STARTER, 'starter:2'],
  ['starter', STARTER, 'starter:2'],
  ['other', STARTER, 'other:x'],
  ['starter:1', STARTER, 'starter:1'],
  ['starter', [], 'starter:latest'],
  ['localhost:5000/a/b', [], 'localhost:5000/a/b:latest'],
  ['localhost:5000/a/b:1', [], 'localhost:5000/a/b:1'],
  [`a@sha256:${'0'.repeat(64)}`, [], `a@sha256:${'0'.repeat(64)}`],
])('The image %j under the images %j is %s.', (image, images, expected) => {
  expect(wantedImage(image, images)).toBe(expected);
});

test('Without an image, and with none listed to choose from, a workspace is InvalidRequest.', () => {
  expect(refusalOf(() => wantedImage(undefined))).toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(/^image: /),
  });
});

test('Without an image, the default image of the organization goes before the first of its list.', () => {
  const { state } = created({ image: null });
  const policy = { ...policyWith({ defaultImage: 'other' }), images: STARTER };
  expect(wantedSpec(state, state.own, policy).image).toBe('other:x');
  expect(wantedSpec(state, state.own, policyWith({ defaultImage: 'starter' })).image).toBe('starter:latest');
});

test('Resources come field by field from the workspace, then from the organization.', () => {
  const { state } = created({ resources: { memory: '4Gi' } });
  expect(wantedSpec(state, state.own, policyWith()).resources).toEqual({ cpu: '1', memory: '4Gi', disk: '10Gi' });
});

test('Resources over the limit of the organization are NotAllowed, in a sentence that names both.', () => {
  const { state } = created({ resources: { memory: '8Gi' } });
  const policy = policyWith({ resources: { max: { memory: '4Gi' } } });
  expect(refusalOf(() => wantedSpec(state, state.own, policy))).toMatchObject({
    type: 'NotAllowed',
    message: "resources.memory: expected at most 4Gi (the organization's limit), got 8Gi",
  });
  expect(wantedSpec(state, state.own, policyWith({ resources: { max: { memory: '8192Mi' } } })).resources.memory).toBe('8Gi');
});

test('An own auto-off is NotAllowed unless the organization lets workspaces set it.', () => {
  const { state } = created({ autoOff: { after: '1h' } }, { autoOff: { userControlled: true } });
  expect(refusalOf(() => checkOwn(state.own, policyWith())).type).toBe('NotAllowed');
  checkOwn(state.own, policyWith({ autoOff: { userControlled: true } }));
});

test('A disk may grow, never shrink, neither by a rebuild nor by a configure.', () => {
  const { state, now } = running({ resources: { disk: '20Gi' } });
  for (const request of [
    requestConfigure,
    (...[s, input, at]: Parameters<typeof requestConfigure>) => requestBuild(s, 'rebuild', input, at),
  ]) {
    const { type, message } = refusalOf(() => request(state, { resources: { disk: '19Gi' } }, now));
    expect({ type, message }).toEqual({
      type: 'InvalidRequest',
      message: expect.stringMatching(/^resources\.disk: .*20Gi.*"19Gi"$/),
    });
  }
  requestConfigure(state, { resources: { disk: '30Gi' } }, now);
  expect(state.own.resources.disk).toBe('30Gi');
});

test('The home keeps its disk where the organization lowers its default.', () => {
  const simulator = running({}, { resources: { default: { disk: '50Gi' } } });
  expect(wantedSpec(simulator.state, simulator.state.own, policyWith()).resources.disk).toBe('50Gi');
});

test('Two specifications are equal by image, resources, and env, whatever the order of their keys; dotfiles do not count.', () => {
  const { state } = created({ env: { A: '1', B: '2' } });
  const spec = wantedSpec(state, state.own, policyWith());
  expect(isEqualSpec(spec, { ...spec, env: { B: '2', A: '1' }, dotfiles: { uri: 'https://example.com/a' } })).toBe(true);
  expect(isEqualSpec(spec, { ...spec, image: 'other:1' })).toBe(false);
  expect(isEqualSpec(spec, { ...spec, env: { A: '1' } })).toBe(false);
  expect(isEqualSpec(spec, { ...spec, resources: { ...spec.resources, cpu: '2' } })).toBe(false);
});

test('What the next build would bring is one sentence that names each change, and nothing when there is none.', () => {
  const { state } = inColumn('running');
  const spec = wantedSpec(state, state.own, policyWith());
  expect(waitingChange(spec, spec)).toBeNull();
  const next = {
    image: 'a:2',
    resources: { ...spec.resources, cpu: '2' },
    env: { A: '' },
    dotfiles: { uri: 'https://example.com/a' },
  };
  expect(waitingChange(spec, next)).toBe(
    'the next build brings image a:2 (now starter:1), cpu 2 (now 1), another environment, other dotfiles',
  );
});

test('The same resources in another writing wait for no build.', () => {
  const { state } = inColumn('running');
  const spec = wantedSpec(state, state.own, policyWith());
  expect(waitingChange(spec, { ...spec, resources: { cpu: '1000m', memory: '2048Mi', disk: '10Gi' } })).toBeNull();
});

const TAGS = { images: [{ name: 'starter', defaultTag: '2', tags: { 1: 'available', 2: 'available' } }] };
const withTag = (state: 'deprecated' | 'decommissioned') => ({
  images: [{ name: 'starter', defaultTag: '2', tags: { 1: state, 2: 'available' } }],
});

test('A running workspace whose tag becomes deprecated says so in rebuildRequired, and its next build has the same tag.', () => {
  const simulator = running({ image: 'starter:1' }, TAGS);
  takePolicy(simulator.state, policyWith(withTag('deprecated'), 2), simulator.now);
  expect(viewStatus(simulator.state)).toMatchObject({
    image: { reference: 'starter:1' },
    rebuildRequired: 'starter:1 is deprecated; the default tag is starter:2',
  });
  simulator.policy = policyWith(withTag('deprecated'), 2);
  requestBuild(simulator.state, 'rebuild', {}, simulator.now);
  simulator.settle();
  expect(viewStatus(simulator.state)).toMatchObject({
    state: 'running',
    build: { image: { reference: 'starter:1' }, warnings: [] },
  });
});

test('A running workspace whose tag becomes decommissioned goes on, and its next build has the default tag and a warning.', () => {
  const simulator = running({ image: 'starter:1' }, TAGS);
  simulator.policy = policyWith(withTag('decommissioned'), 2);
  takePolicy(simulator.state, simulator.policy, simulator.now);
  const moved = 'starter:1 is decommissioned, so the default tag is used: starter:2';
  expect(viewStatus(simulator.state)).toMatchObject({
    state: 'running',
    image: { reference: 'starter:2', digest: null },
    build: { image: { reference: 'starter:1' } },
    rebuildRequired: `${moved}; the next build brings image starter:2 (now starter:1)`,
  });
  requestBuild(simulator.state, 'rebuild', {}, simulator.now);
  simulator.settle();
  expect(viewStatus(simulator.state)).toMatchObject({
    state: 'running',
    build: { image: { reference: 'starter:2' }, warnings: [moved] },
    rebuildRequired: null,
  });
});

test('A tag that is decommissioned while its build queues is replaced by admit, with the warning once.', () => {
  const simulator = created({ image: 'starter:1' }, TAGS);
  simulator.policy = policyWith(withTag('decommissioned'), 2);
  simulator.settle();
  const { image, warnings } = viewBuild(simulator.state, null);
  expect([image.reference, warnings]).toEqual([
    'starter:2',
    ['starter:1 is decommissioned, so the default tag is used: starter:2'],
  ]);
});

test('An image that is no longer listed fails the next build in admit, and leaves what runs.', () => {
  const simulator = running({ image: 'starter:1' });
  simulator.policy = policyWith({ images: [{ name: 'other', defaultTag: '1', tags: {} }] }, 2);
  takePolicy(simulator.state, simulator.policy, simulator.now);
  expect(viewStatus(simulator.state).state).toBe('running');
  expect(refusalOf(() => requestBuild(simulator.state, 'rebuild', {}, simulator.now)).type).toBe('NotAllowed');
  expect(refusalOf(() => requestConfigure(simulator.state, { image: 'starter:2' }, simulator.now)).type).toBe('NotAllowed');
  requestConfigure(simulator.state, { image: 'other' }, simulator.now);
  expect(viewStatus(simulator.state).image.reference).toBe('other:1');
});

test('An image that admit finds to be no longer listed gives error, with NotAllowed.', () => {
  const simulator = created({ image: 'starter:1' });
  simulator.policy = policyWith({ images: [{ name: 'other', defaultTag: '1', tags: {} }] }, 2);
  simulator.settle();
  expect(viewStatus(simulator.state)).toMatchObject({
    state: 'error',
    build: { failure: { type: 'NotAllowed', step: 'admit', message: expect.stringMatching(/^image: expected one of/) } },
  });
});
