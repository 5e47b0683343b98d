import { RuntimeFailure } from '../../../../src/runtimes/failure';
import { ApiFailure } from '../../../../src/runtimes/kubernetes/api/api-error';
import { failureOf } from '../../../../src/runtimes/kubernetes/api/runtime-failure';

const QUOTA = 'pods "ws-w1" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=5, limited: pods=5';

describe('What Kubernetes refuses', () => {
  it.each([
    [null, 'refused the connection', 'RuntimeUnavailable'],
    [400, 'bad', 'InvalidRequest'],
    [401, 'Unauthorized', 'RuntimeUnavailable'],
    [403, QUOTA, 'NoCapacity'],
    [403, 'pods "ws-w1" is forbidden: violates PodSecurity "restricted:latest"', 'NotAllowed'],
    [403, 'pods is forbidden: User "worker" cannot create resource "pods" in API group ""', 'RuntimeUnavailable'],
    [403, 'pods "ws-w1" is forbidden: status unknown for quota: pods, resources: pods', 'RuntimeUnavailable'],
    [
      403,
      'pods "ws-w1" is forbidden: error looking up service account a/default: serviceaccount "default" not found',
      'RuntimeUnavailable',
    ],
    [404, 'not found', 'NotFound'],
    [408, 'timeout', 'RuntimeUnavailable'],
    [409, 'the object has been modified', 'RuntimeUnavailable'],
    [410, 'too old', 'RuntimeUnavailable'],
    [422, 'Pod is invalid', 'InvalidRequest'],
    [429, 'slow down', 'RuntimeUnavailable'],
    [500, 'etcd', 'RuntimeUnavailable'],
    [503, 'shutting down', 'RuntimeUnavailable'],
  ])('with %s and "%s" is %s.', (status, message, type) => {
    const failure = failureOf(new ApiFailure(message, { status, reason: '' }), 'the pod of w1');
    expect(failure).toBeInstanceOf(RuntimeFailure);
    expect(failure).toMatchObject({ type, message: `the pod of w1: ${message}` });
  });

  it('is nothing else: other errors stay what they are.', () => {
    for (const error of [new RuntimeFailure('HomeBusy', 'busy'), new TypeError('a bug'), 'text'])
      expect(failureOf(error, 'the pod of w1')).toBe(error);
  });
});
