import { ownName } from '../../src/cli/own-name';

test('Who asks is whom the environment names, else whom the machine does.', () => {
  const onMachine = () => 'grace';
  expect(ownName({ USER: 'ada', LOGNAME: 'other' }, onMachine)).toBe('ada');
  expect(ownName({ USER: '', LOGNAME: 'ada' }, onMachine)).toBe('ada');
  expect(ownName({}, onMachine)).toBe('grace');
});

test('A user without a name in the system has none, and a long name is cut by whole characters.', () => {
  const nameless = () => {
    throw new Error('ENOENT: uv_os_get_passwd');
  };
  expect(ownName({}, nameless)).toBeNull();
  expect(ownName({ USER: '🦊'.repeat(300) }, nameless)).toBe('🦊'.repeat(200));
});
