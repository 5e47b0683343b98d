import { isRefusal, isThrottled, pullError } from '../../../src/runtimes/kubernetes/pull-error';
import { eventOf } from './pod-objects';

const IMAGE = 'e2e.local/missing:1';
const ASKED = `failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": `;

describe('An image that cannot be pulled', () => {
  it.each([
    `${ASKED}${IMAGE}: not found`,
    'reading manifest nope in docker.io/library/busybox: manifest unknown',
    'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope',
    'failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized',
    'unexpected status from HEAD request to https://x.example/v2/a/manifests/1: 403 Forbidden',
    'no match for platform in manifest: not found',
    `${ASKED}failed to do request: dial tcp: lookup nope.example on 10.0.0.10:53: no such host`,
  ])('is refused for good: %s.', (error) => {
    expect([isRefusal(error), isThrottled(error)]).toEqual([true, false]);
  });

  it.each([
    `${ASKED}failed to do request: Head "https://e2e.local/v2/missing/manifests/1": dial tcp: lookup e2e.local: Temporary failure in name resolution`,
    `${ASKED}failed to do request: Head "https://10.213.0.1:9/v2/x/manifests/1": dial tcp 10.213.0.1:9: connect: connection refused`,
    'lookup docker.io on 10.255.255.53:53: dial udp 10.255.255.53:53: connect: network is unreachable',
    'failed to resolve reference "x.example/denied/not found:1": i/o timeout',
    'failed to extract layer sha256:1: content digest sha256:1: not found',
    'unexpected status: 503 Service Unavailable',
  ])('may be had at another try: %s.', (error) => {
    expect([isRefusal(error), isThrottled(error)]).toEqual([false, false]);
  });

  it.each([
    'pull QPS exceeded',
    'unexpected status code 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
    'failed to extract layer: write /var/lib/containerd/x: no space left on device',
  ])('was not asked for at all: %s.', (error) => {
    expect([isRefusal(error), isThrottled(error)]).toEqual([false, true]);
  });

  it.each([
    [`${IMAGE}: not found`, `${IMAGE}: not found`],
    [`Back-off pulling image "${IMAGE}": ErrImagePull: ${IMAGE}: not found`, `${IMAGE}: not found`],
    [`Back-off pulling image "${IMAGE}"`, `Back-off pulling image "${IMAGE}"`],
  ])('gives its reason itself: %s.', (message, reason) => {
    expect(pullError(message, [])).toBe(reason);
  });

  it('gives its reason in the newest event when the node only says that it waits.', () => {
    const events = [
      eventOf('Failed', 'Error: ImagePullBackOff'),
      eventOf('Failed', `Failed to pull image "${IMAGE}": ${IMAGE}: not found`),
      eventOf('Failed', `Failed to pull image "${IMAGE}": an older reason`),
    ];
    expect(pullError(`Back-off pulling image "${IMAGE}"`, events)).toBe(`${IMAGE}: not found`);
  });
});
