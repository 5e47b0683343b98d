import { expectFailure, type Given, HOME, ID, patiently, REF } from './contract-harness';

/** What holds for homes. */
export function homeRules(given: Given): void {
  it('makes a home once, and gives the same identity ever after.', async () => {
    const identity = await given.prepare();
    expect(await given.prepare()).toBe(identity);
    expect(await given.prepare({ identity })).toBe(identity);
    expect(await given.world().another.prepareHome({ ...HOME, identity }, patiently())).toEqual({ identity });
  });

  it('makes one home when asked twice at once.', async () => {
    const both = await Promise.all([
      given.world().runtime.prepareHome(HOME, patiently()),
      given.world().another.prepareHome(HOME, patiently()),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect(await given.world().runtime.listHomes()).toHaveLength(1);
  });

  it('lists a home with its owner, size, and identity.', async () => {
    const identity = await given.prepare();
    expect(await given.world().runtime.listHomes()).toEqual([{ ...REF, identity, disk: '10Gi', createdAt: expect.any(Number) }]);
  });

  it('takes note of a larger disk.', async () => {
    const identity = await given.prepare();
    await given.prepare({ identity, disk: '20Gi' });
    expect(await given.world().runtime.listHomes()).toMatchObject([{ disk: '20Gi' }]);
  });

  homeRefusals(given);
}

/** Which homes are refused, and how one ends. */
function homeRefusals(given: Given): void {
  it('refuses a home that should be there and is not, and makes nothing.', async () => {
    await expectFailure(given.prepare({ identity: 'was-made-once' }), 'HomeMissing');
    await expectFailure(given.prepare({ adopt: true }), 'HomeMissing');
    expect(await given.world().runtime.listHomes()).toEqual([]);
  });

  it('refuses a home that was lost, to whoever asks.', async () => {
    const identity = await given.prepare();
    await given.world().loseHome(ID);
    await expectFailure(given.prepare({ identity }), 'HomeMissing');
    if (!given.world().lacks?.includes('memory of lost homes')) await expectFailure(given.prepare(), 'HomeMissing');
    await expectFailure(given.start(1, { home: identity }), 'HomeMissing');
    expect(await given.world().runtime.listPods()).toEqual([]);
  });

  it('refuses a home of another identity.', async () => {
    await given.prepare();
    await expectFailure(given.prepare({ identity: 'of-another' }), 'HomeMissing');
    await expectFailure(given.start(1, { home: 'of-another' }), 'HomeMissing');
    await expectFailure(
      given.world().runtime.deleteHome({ id: ID, organization: 'default', identity: 'of-another' }),
      'HomeMissing',
    );
    expect(await given.world().runtime.listHomes()).toHaveLength(1);
  });

  it('lets an owner adopt a home for a workspace of another name.', async () => {
    const identity = await given.prepare();
    expect(await given.prepare({ name: 'other', adopt: true })).toBe(identity);
    expect(await given.prepare({ name: 'other', adopt: true })).toBe(identity);
    expect(await given.world().runtime.listHomes()).toMatchObject([{ name: 'other', identity }]);
  });

  it('refuses a home to another owner.', async () => {
    await given.prepare();
    await expectFailure(given.prepare({ owner: 'bob', adopt: true }), 'NotAllowed');
    expect(await given.world().runtime.listHomes()).toMatchObject([{ owner: 'ada' }]);
  });

  it('deletes a home once and for all, and that twice.', async () => {
    const identity = await given.prepare();
    await Promise.all([
      given.world().runtime.deleteHome({ id: ID, organization: 'default', identity }),
      given.world().another.deleteHome({ id: ID, organization: 'default', identity }),
    ]);
    await given.world().runtime.deleteHome({ id: ID, organization: 'default', identity });
    await given.world().runtime.deleteHome({ id: ID, organization: 'default', identity: null });
    expect(await given.world().runtime.listHomes()).toEqual([]);
    await expectFailure(given.prepare({ identity }), 'HomeMissing');
  });

  it('deletes no home that a pod has mounted.', async () => {
    const identity = await given.prepare();
    await given.start(1);
    await expectFailure(given.world().runtime.deleteHome({ id: ID, organization: 'default', identity }), 'HomeBusy');
    await given.stop(1);
    await given.world().runtime.deleteHome({ id: ID, organization: 'default', identity });
  });
}
