import fc from 'fast-check';
import { asGitHosts } from '../../../src/workflows/input/git-hosts';
import { Refusal } from '../../../src/workflows/input/refusal';
import { asPushedPolicy } from '../../../src/workflows/organization/rules/known-policy';
import { defaultPolicy, mergePolicy } from '../../../src/workflows/organization/rules/policy';
import { refusalOf } from '../../support/workflows/state-builders';

const KEY = `AAAAC3NzaC1lZDI1NTE5AAAAI${'x'.repeat(43)}`;
const HOST = 'git.example.com';
const LINES = [
  `${HOST} ssh-ed25519 ${KEY}`,
  `${HOST},192.0.2.1 ssh-rsa ${KEY}== a comment of any words`,
  `[${HOST}]:2222 ecdsa-sha2-nistp256 ${KEY}`,
  `@cert-authority ${HOST} ssh-ed25519 ${KEY}`,
  `@revoked ${HOST} sk-ssh-ed25519@openssh.com ${KEY}`,
];
const withLine = (line: unknown) => [{ host: HOST, knownHosts: [line] }];

test('Hosts with lines of known_hosts are taken as they are, and pushed to workspaces as they are.', () => {
  const git = [
    { host: HOST, knownHosts: LINES },
    { host: '127.0.0.1', knownHosts: [] },
    { host: 'git.example.com:8443', knownHosts: [`[git.example.com]:2222 ssh-ed25519 ${KEY}`] },
  ];
  expect(asGitHosts('git', git)).toStrictEqual(git);
  const { policy, fields } = mergePolicy(defaultPolicy(), { git });
  expect([policy.git, fields]).toEqual([git, ['git']]);
  expect(asPushedPolicy({ policy }).git).toStrictEqual(git);
  expect(mergePolicy(policy, { git: [] }).policy.git).toEqual([]);
});

test('Unknown fields of a host are left out.', () => {
  expect(asGitHosts('git', [{ host: HOST, knownHosts: [], zebra: 1 }])).toStrictEqual([{ host: HOST, knownHosts: [] }]);
});

test.each([
  ['git', 'git.example.com'],
  ['git', { host: HOST, knownHosts: [] }],
  ['git', Array.from({ length: 51 }, (_, index) => ({ host: `h${index}`, knownHosts: [] }))],
  ['git.0', [HOST]],
  ['git.0.host', [{}]],
  ['git.0.host', [{ host: 'Git.example.com', knownHosts: [] }]],
  ['git.0.host', [{ host: 'https://git.example.com', knownHosts: [] }]],
  ['git.0.host', [{ host: '*.example.com', knownHosts: [] }]],
  ['git.0.host', [{ host: '-oProxyCommand=x', knownHosts: [] }]],
  ['git.0.host', [{ host: `${HOST}\n`, knownHosts: [] }]],
  ['git.0.host', [{ host: 'a'.repeat(254), knownHosts: [] }]],
  ['git.0.host', [{ host: `${HOST}:0`, knownHosts: [] }]],
  [
    'git.1.host',
    [
      { host: HOST, knownHosts: [] },
      { host: HOST, knownHosts: [] },
    ],
  ],
  ['git.0.knownHosts', [{ host: HOST }]],
  ['git.0.knownHosts', [{ host: HOST, knownHosts: LINES[0] }]],
  ['git.0.knownHosts', [{ host: HOST, knownHosts: Array(21).fill(LINES[0]) }]],
  ['git.0.knownHosts.0', withLine(7)],
  ['git.0.knownHosts.0', withLine('')],
  ['git.0.knownHosts.0', withLine(`# ${HOST}:22 SSH-2.0-OpenSSH`)],
  ['git.0.knownHosts.0', withLine(`other.example.com ssh-ed25519 ${KEY}`)],
  ['git.0.knownHosts.0', withLine(`${HOST},*.example.com ssh-ed25519 ${KEY}`)],
  ['git.0.knownHosts.0', withLine(`${HOST},!evil.example.com ssh-ed25519 ${KEY}`)],
  ['git.0.knownHosts.0', withLine(`|1|c2FsdA==|aGFzaA== ssh-ed25519 ${KEY}`)],
  ['git.0.knownHosts.0', withLine(`${HOST} ssh-ed25519`)],
  ['git.0.knownHosts.0', withLine(`${HOST} ssh-ed25519 not-base64!`)],
  ['git.0.knownHosts.0', withLine(`${HOST} ssh-ed25519 ${KEY}\nevil ssh-rsa ${KEY}`)],
  ['git.0.knownHosts.0', withLine(`${HOST} ssh-ed25519 ${KEY} ${'x'.repeat(4_000)}`)],
  ['git', [{ host: HOST, knownHosts: Array(3).fill(`${LINES[0]} ${'x'.repeat(3_000)}`) }]],
])('The field %s is refused where it is wrong: %j.', (field, git) => {
  const { type, message } = refusalOf(() => asGitHosts('git', git));
  expect({ type, message }).toEqual({
    type: 'InvalidRequest',
    message: expect.stringMatching(`^${field}: expected .+, got .+$`),
  });
  expect(refusalOf(() => mergePolicy(defaultPolicy(), { git })).message).toBe(message);
  expect(() => asPushedPolicy({ policy: { ...defaultPolicy(), git } })).toThrow(Refusal);
});

test('Whatever comes, hosts are taken in at most 8 KiB, or refused.', () => {
  const line = fc.oneof(fc.constantFrom(...LINES), fc.string(), fc.jsonValue());
  const entry = fc.record({ host: fc.oneof(fc.constant(HOST), fc.string()), knownHosts: fc.array(line, { maxLength: 25 }) });
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.oneof(entry, fc.jsonValue())), fc.jsonValue()), (git) => {
      try {
        expect(Buffer.byteLength(JSON.stringify(asGitHosts('git', git)))).toBeLessThanOrEqual(8 * 1024);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
  );
});
