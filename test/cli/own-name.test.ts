import { ownName } from '../../src/cli/own-name';

test('Who asks is whom the environment names, else whom the machine does.', () => {
  const onMachine = () => 'grace';
  expect(ownName({ USER: 'ada', LOGNAME: 'other' }, onMachine)).toBe('ada');
  expect(ownName({ USER: '', LOGNAME: 'ada' }, onMachine)).toBe('ada');
  expect(ownName({}, onMachine)).toBe('grace');
});

test('Where nobody has a name for a user there is none, and a long one is cut by whole signs.', () => {
  const nameless = () => {
    throw new Error('ENOENT: uv_os_get_passwd');
  };
  expect(ownName({}, nameless)).toBeNull();
  expect(ownName({ USER: '🦊'.repeat(300) }, nameless)).toBe('🦊'.repeat(200));
});
