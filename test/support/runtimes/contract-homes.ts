import { type ContractContext, expectFailure, HOME, ID, patiently, REF } from './contract-harness';

/** What holds for homes. */
export function homeRules(context: ContractContext): void {
  it('makes a home once, and gives the same identity ever after.', async () => {
    const identity = await context.prepare();
    expect(await context.prepare()).toBe(identity);
    expect(await context.prepare({ identity })).toBe(identity);
    expect(await context.env().another.prepareHome({ ...HOME, identity }, patiently())).toEqual({ identity });
  });

  it('makes one home when asked twice at once.', async () => {
    const both = await Promise.all([
      context.env().runtime.prepareHome(HOME, patiently()),
      context.env().another.prepareHome(HOME, patiently()),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect(await context.env().runtime.listHomes()).toHaveLength(1);
  });

  it('lists a home with its owner, size, and identity.', async () => {
    const identity = await context.prepare();
    expect(await context.env().runtime.listHomes()).toEqual([{ ...REF, identity, disk: '10Gi', createdAt: expect.any(Number) }]);
  });

  it('takes note of a larger disk.', async () => {
    const identity = await context.prepare();
    await context.prepare({ identity, disk: '20Gi' });
    expect(await context.env().runtime.listHomes()).toMatchObject([{ disk: '20Gi' }]);
  });

  homeRefusals(context);
}

/** Which homes are refused, and how one ends. */
function homeRefusals(context: ContractContext): void {
  it('refuses a home that should be there and is not, and makes nothing.', async () => {
    await expectFailure(context.prepare({ identity: 'was-made-once' }), 'HomeMissing');
    await expectFailure(context.prepare({ adopt: true }), 'HomeMissing');
    expect(await context.env().runtime.listHomes()).toEqual([]);
  });

  it('refuses a home that was lost, whatever identity is expected.', async () => {
    const identity = await context.prepare();
    await context.env().loseHome(ID);
    await expectFailure(context.prepare({ identity }), 'HomeMissing');
    if (!context.env().lacks?.includes('memory of lost homes')) await expectFailure(context.prepare(), 'HomeMissing');
    await expectFailure(context.start(1, { home: identity }), 'HomeMissing');
    expect(await context.env().runtime.listPods()).toEqual([]);
  });

  it('refuses a home of another identity.', async () => {
    await context.prepare();
    await expectFailure(context.prepare({ identity: 'of-another' }), 'HomeMissing');
    await expectFailure(context.start(1, { home: 'of-another' }), 'HomeMissing');
    await expectFailure(
      context.env().runtime.deleteHome({ id: ID, organization: 'default', identity: 'of-another' }),
      'HomeMissing',
    );
    expect(await context.env().runtime.listHomes()).toHaveLength(1);
  });

  it('lets an owner adopt a home for a workspace of another name.', async () => {
    const identity = await context.prepare();
    expect(await context.prepare({ name: 'other', adopt: true })).toBe(identity);
    expect(await context.prepare({ name: 'other', adopt: true })).toBe(identity);
    expect(await context.env().runtime.listHomes()).toMatchObject([{ name: 'other', identity }]);
  });

  it('refuses a home to another owner.', async () => {
    await context.prepare();
    await expectFailure(context.prepare({ owner: 'bob', adopt: true }), 'NotAllowed');
    expect(await context.env().runtime.listHomes()).toMatchObject([{ owner: 'ada' }]);
  });

  it('deletes a home once and for all, and that twice.', async () => {
    const identity = await context.prepare();
    await Promise.all([
      context.env().runtime.deleteHome({ id: ID, organization: 'default', identity }),
      context.env().another.deleteHome({ id: ID, organization: 'default', identity }),
    ]);
    await context.env().runtime.deleteHome({ id: ID, organization: 'default', identity });
    await context.env().runtime.deleteHome({ id: ID, organization: 'default', identity: null });
    expect(await context.env().runtime.listHomes()).toEqual([]);
    await expectFailure(context.prepare({ identity }), 'HomeMissing');
  });

  it('deletes no home that a pod has mounted.', async () => {
    const identity = await context.prepare();
    await context.start(1);
    await expectFailure(context.env().runtime.deleteHome({ id: ID, organization: 'default', identity }), 'HomeBusy');
    await context.stop(1);
    await context.env().runtime.deleteHome({ id: ID, organization: 'default', identity });
  });
}
