/** The rules that every secret store keeps, as store.ts words them. */
import { Conflict, type RecordKey, type SecretStore } from '../../../src/secrets/store';

/** A store for one test, of a folder or namespace of its own. */
export interface StoreEnv {
  store: SecretStore;
  /** Another connection to the same records, as another process has it. */
  other(): SecretStore;
  end(): Promise<void>;
}

const KEY: RecordKey = { kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' };
const record = (text: string, description = {}) => ({ value: Buffer.from(text), description });

export function storeContract(name: string, makeEnv: () => Promise<StoreEnv>): void {
  describe(`The contract of the ${name} store`, () => {
    let env: StoreEnv;
    const store = () => env.store;
    beforeEach(async () => {
      env = await makeEnv();
    });
    afterEach(() => env.end());

    describe('for values', () => valueRules(store, () => env.other()));
    describe('for versions', () => versionRules(store, () => env.other()));
    describe('for lists', () => listRules(store));
    describe('for what is wrong', () => refusalRules(store));
  });
}

function valueRules(store: () => SecretStore, other: () => SecretStore): void {
  test('A record that was never put is null, and its list is empty.', async () => {
    expect(await store().get(KEY)).toBeNull();
    expect(await store().list({ kind: 'secret', holder: 'owner/ada' })).toEqual([]);
  });

  test('A put is read back byte for byte, by another connection too.', async () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const before = Date.now();
    const { at } = await store().put(KEY, { value, description: { target: { env: 'NPM_TOKEN' }, by: 'ada “ü”' } });
    const found = await other().get(KEY);
    expect(found).toEqual({
      name: 'NPM_TOKEN',
      version: 1,
      at,
      description: { target: { env: 'NPM_TOKEN' }, by: 'ada “ü”' },
      value,
    });
    expect(at).toBeGreaterThanOrEqual(before - 1_000);
  });

  test('An empty value and one of 512 KiB are kept.', async () => {
    const large = { value: Buffer.alloc(512 * 1024, 0xa5), description: {} };
    await store().put(KEY, large);
    expect((await store().get(KEY))?.value.equals(large.value)).toBe(true);
    await store().put(KEY, record(''));
    expect((await store().get(KEY))?.value).toEqual(Buffer.alloc(0));
  });

  test('Kinds, holders, and names that differ in case alone are apart.', async () => {
    const keys: RecordKey[] = [
      KEY,
      { ...KEY, name: 'npm_token' },
      { ...KEY, name: '..' },
      { ...KEY, holder: 'organization/ada' },
      { ...KEY, holder: 'installation' },
      { ...KEY, kind: 'ssh-key' },
    ];
    await Promise.all(keys.map((key) => store().put(key, record(JSON.stringify(key)))));
    for (const key of keys) expect((await store().get(key))?.value.toString()).toBe(JSON.stringify(key));
  });
}

function versionRules(store: () => SecretStore, other: () => SecretStore): void {
  test('Versions rise by one, also over a deletion and its repetition.', async () => {
    expect((await store().put(KEY, record('a'))).version).toBe(1);
    expect((await store().put(KEY, record('b'))).version).toBe(2);
    await store().delete(KEY);
    await store().delete(KEY);
    expect(await store().get(KEY)).toBeNull();
    expect((await store().put(KEY, record('c'))).version).toBe(4);
  });

  test('A change of another version than expected is a conflict, and changes nothing.', async () => {
    await expect(store().put(KEY, record('a'), 1)).rejects.toThrow(Conflict);
    await store().put(KEY, record('a'), 0);
    await expect(store().put(KEY, record('b'), 0)).rejects.toThrow(Conflict);
    await expect(store().delete(KEY, 2)).rejects.toThrow(Conflict);
    expect((await store().get(KEY))?.value.toString()).toBe('a');
    await store().put(KEY, record('b'), 1);
    await store().delete(KEY, 2);
    await expect(store().put(KEY, record('c'), 2)).rejects.toThrow(Conflict);
    expect((await store().put(KEY, record('c'), 0)).version).toBe(4);
  });

  test('Of twenty writers that expect the same version one succeeds, round after round.', async () => {
    for (let version = 0; version < 3; version += 1) {
      const writers = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store() : other()).put(KEY, record(String(index)), version),
      );
      const outcomes = await Promise.allSettled(writers);
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(failures).toHaveLength(19);
      expect(failures.filter((error) => !(error instanceof Conflict))).toEqual([]);
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect(await store().get(KEY)).toMatchObject({ version: version + 1, value: Buffer.from(String(winner)) });
    }
  });

  test('Writers that expect no version all succeed, each with a version of its own.', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store() : other()).put(KEY, record(String(index)))),
    );
    expect(answers.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
}

function listRules(store: () => SecretStore): void {
  test('A list has descriptions by name, no values, and nothing that was deleted.', async () => {
    await store().put(KEY, record('canary-value', { by: 'ada' }));
    await store().put({ ...KEY, name: 'ZETA' }, record('canary-value'));
    await store().put({ ...KEY, name: 'ALPHA' }, record('canary-value', { by: null }));
    await store().put({ ...KEY, holder: 'owner/bob' }, record('canary-value'));
    await store().delete({ ...KEY, name: 'ZETA' });
    const list = await store().list({ kind: 'secret', holder: 'owner/ada' });
    expect(list).toEqual([
      { name: 'ALPHA', version: 1, at: expect.any(Number), description: { by: null } },
      { name: 'NPM_TOKEN', version: 1, at: expect.any(Number), description: { by: 'ada' } },
    ]);
  });
}

function refusalRules(store: () => SecretStore): void {
  test.each([
    [{ ...KEY, name: '' }],
    [{ ...KEY, name: '../x' }],
    [{ ...KEY, name: 'a'.repeat(101) }],
    [{ ...KEY, holder: 'owner/..' }],
    [{ ...KEY, holder: 'owner/ada/dev' }],
    [{ ...KEY, holder: 'team/ada' }],
  ])('The key %j is refused.', async (key) => {
    await expect(store().get(key)).rejects.toMatchObject({ type: 'InvalidRequest' });
    await expect(store().put(key, record('a'))).rejects.toMatchObject({ type: 'InvalidRequest' });
    await expect(store().delete(key)).rejects.toMatchObject({ type: 'InvalidRequest' });
  });

  test('A value or a description above its limit is refused, without the value in the message.', async () => {
    const long = { value: Buffer.alloc(512 * 1024 + 1, 'canary'), description: {} };
    await expect(store().put(KEY, long)).rejects.toThrow(/^the secret NPM_TOKEN of owner\/ada: expected at most/);
    await expect(store().put(KEY, record('a', { text: 'x'.repeat(4_096) }))).rejects.toThrow(/description of at most 4096 bytes/);
    expect(await store().get(KEY)).toBeNull();
  });
}
