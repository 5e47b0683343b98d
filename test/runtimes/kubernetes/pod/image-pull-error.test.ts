import { judgePull, pullError } from '../../../../src/runtimes/kubernetes/pod/image-pull-error';
import { cpuTimeMs } from '../../../support/cpu-time';
import { eventOf } from '../../../support/kubernetes/pod-objects';

const IMAGE = 'e2e.local/missing:1';
const DIGEST = `sha256:${'0'.repeat(64)}`;
const ASKED = `failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": `;
const HUB = 'pulling from host registry-1.docker.io failed with status code';
const HEAD = 'failed to do request: Head "https://e2e.local/v2/missing/manifests/1": ';
const COPY = 'failed to pull and unpack image "x": failed to copy: ';

describe('An image that cannot be pulled', () => {
  it.each([
    ['containerd 1.6', `rpc error: code = NotFound desc = ${ASKED}${IMAGE}: not found`],
    ['containerd 1.7 and 2', `${ASKED}${IMAGE}: not found`],
    ['containerd, of a digest', `failed to resolve reference "e2e.local/x@${DIGEST}": e2e.local/x@${DIGEST}: not found`],
    [
      'containerd 2 by its transfer service',
      `failed to pull and unpack image "${IMAGE}": failed to resolve image: ${IMAGE}: not found`,
    ],
    ['the kubelet, in short', `${IMAGE}: not found`],
    [
      'containerd, of a name that reads like another error',
      'failed to resolve reference "e2e.local/toomanyrequests:1": e2e.local/toomanyrequests:1: not found',
    ],
    ['CRI-O', 'reading manifest nope in docker.io/library/busybox: manifest unknown'],
    [
      'CRI-O, of quay.io',
      'initializing source docker://quay.io/a/b:1: reading manifest 1 in quay.io/a/b: name unknown: repository not found',
    ],
    [
      'CRI-O, in full',
      'reading manifest 9 in ghcr.io/a/b: requesting: StatusCode: 404, {"errors":[{"code":"MANIFEST_UNKNOWN"}]}: manifest unknown',
    ],
    ['Docker', 'Error response from daemon: manifest for busybox:nope not found: manifest unknown: manifest unknown'],
  ])('is missing by the registry’s answer, as %s repeats it.', (_, error) => {
    expect(judgePull(error)).toBe('missing');
  });

  it.each([
    ['failed to pull and unpack image "x": no match for platform in manifest: not found'],
    ['failed to pull and unpack image "e2e.local/toomanyrequests:1": no match for platform in manifest: not found'],
    ['choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"'],
    ['choosing image instance: no image found in manifest list for architecture arm64, variant "v8", OS linux'],
  ])('is there for other machines only: %s.', (error) => {
    expect(judgePull(error)).toBe('unfit');
  });

  it.each([
    [
      `${ASKED}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    ],
    [`${ASKED}failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized`],
    [
      `${ASKED}failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.example/token: 403 Forbidden`,
    ],
    ['unexpected status from HEAD request to https://x.example/v2/a/manifests/1: 403 Forbidden'],
    [
      'reading manifest 1 in docker.io/library/nope: errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required',
    ],
    ['initializing source docker://e2e.local/x:1: requesting bearer token: invalid status code from registry 403 (Forbidden)'],
  ])('may be missing or private, which the registry does not reveal: %s.', (error) => {
    expect(judgePull(error)).toBe('denied');
  });

  it.each([
    [`${ASKED}${HEAD}dial tcp: lookup e2e.local: Temporary failure in name resolution`],
    [`${ASKED}${HEAD}dial tcp: lookup nope.example on 10.0.0.10:53: no such host`],
    [`${ASKED}${HEAD}dial tcp 10.213.0.1:9: connect: connection refused`],
    ['pinging container registry e2e.local: Get "https://e2e.local/v2/": dial tcp: lookup e2e.local: no such host'],
    ['lookup docker.io on 10.255.255.53:53: dial udp 10.255.255.53:53: connect: network is unreachable'],
    ['failed to resolve reference "x.example/denied/not found:1": i/o timeout'],
    [`${COPY}httpReadSeeker: failed open: failed to do request: Get "https://cdn.example/x": unexpected EOF`],
    [`${COPY}local error: tls: bad record MAC`],
    [`${COPY}httpReadSeeker: failed open: content at https://e2e.local/v2/x/blobs/${DIGEST} not found: not found`],
    [`${HUB} 503 Service Unavailable`],
    [`failed to extract layer ${DIGEST}: content digest ${DIGEST}: not found`],
    [`failed to prepare extraction snapshot "extract-1 ${DIGEST}": parent snapshot ${DIGEST} does not exist: not found`],
    ['copying system image from manifest list: reading blob: unexpected EOF'],
    ['Container image "e2e.local/x:1" is not present with pull policy of Never'],
    ['failed to resolve reference "e2e.local/toomanyrequests/x:1": i/o timeout'],
    ['reading manifest 1 in e2e.local/too-many-requests/toomanyrequests: i/o timeout'],
    ['pinging container registry for docker://e2e.local/denied/unauthorized:1: i/o timeout'],
  ])('may be pulled by a later attempt: %s.', (error) => {
    expect(judgePull(error)).toBe('passing');
  });

  it.each([
    ['pull QPS exceeded'],
    [`${HUB} 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit`],
    ['failed to extract layer: write /var/lib/containerd/x: no space left on device'],
    ['reading manifest 1 in docker.io/library/x: toomanyrequests: You have reached your pull rate limit'],
  ])('was throttled, or met a full node: %s.', (error) => {
    expect(judgePull(error)).toBe('throttled');
  });

  it('is judged in time that does not grow with the square of its error.', () => {
    const usedMs = cpuTimeMs(() => expect(judgePull('x'.repeat(2_000_000))).toBe('passing'));
    expect(usedMs).toBeLessThan(2_000);
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
