import { run } from '../support/cli/command-line';

const connect = () => Promise.reject(new Error('a command that is used wrongly must not connect'));

test.each([
  [['status', 'ada'], "value 'ada' is invalid for argument 'workspace'. Expected OWNER/NAME, such as ada/dev"],
  [['status', 'ada/dev/x'], 'Expected OWNER/NAME'],
  [['status', 'Ada/dev'], 'Expected OWNER/NAME'],
  [['status', 'ada/'], 'Expected OWNER/NAME'],
  [['status'], "missing required argument 'workspace'"],
  [['status', 'ada/dev', 'more'], "too many arguments for 'status'"],
  [['stats', 'ada/dev'], "unknown command 'stats'"],
  [['status', 'ada/dev', '--yearly'], "unknown option '--yearly'"],
  [
    ['create', 'ada/dev', '--image', 'a b'],
    'Expected an image reference of at most 255 characters, such as starter:1, got "a b".',
  ],
  [['create', 'ada/dev', '--auto-start', '8:30 Europe/Berlin'], 'Expected "HH:MM ZONE"'],
  [['create', 'ada/dev', '--auto-start', '08:30 IST'], "with the zone's name in the tz database"],
  [['create', 'ada/dev', '--auto-start', '08:30 Mars/Base'], 'Expected "HH:MM ZONE"'],
  [['create', 'ada/dev', '--auto-start', '08:30 Europe/Berlin monday'], 'Expected "HH:MM ZONE"'],
  [['create', 'ada/dev', '--auto-start', '08:30'], 'Expected "HH:MM ZONE"'],
  [['create', 'ada/dev', '--weekdays', 'mon'], "option '--weekdays <list>' needs '--auto-start <text>' beside it"],
  [['create', 'ada/dev', '--auto-off', '2 hours'], 'Expected "never", or a duration from 1m to 30d, such as 1h30m.'],
  [['create', 'ada/dev', '--auto-off', '5s'], 'Expected "never", or a duration'],
  [['create', 'ada/dev', '--cpu', 'many'], 'Expected a Kubernetes quantity above zero, such as 500m or 4Gi, got "many".'],
  [['create', 'ada/dev', '--env', 'KEY'], 'Expected KEY=VALUE.'],
  [['create', 'ada/dev', '--env', 'HOME=/x'], 'Expected no name that the workspace sets itself, got "HOME".'],
  [['create', 'ada/dev', '--dotfiles', 'http://x/y'], 'Expected an https, ssh, git@host:path, or file URI'],
  [['create', 'ada/dev', '--dotfiles-ref', 'main'], "option '--dotfiles-ref <ref>' needs '--dotfiles <URI>' beside it"],
  [
    ['configure', 'ada/dev', '--dotfiles', 'file:///a', '--dotfiles-ref', 'a b'],
    'Expected a branch, tag, or commit as Git names',
  ],
  [['create', 'ada/dev', '--by', 'x'.repeat(201)], 'Expected text of at most 200 characters'],
  [['configure', 'ada/dev'], 'expected at least one setting, or --clear'],
  [['configure', 'ada/dev', '--clear', 'home'], 'Expected some of image,resources,env,auto-start,auto-off,dotfiles.'],
  [['configure', 'ada/dev', '--clear', 'image', '--image', 'a:1'], 'image cannot be both set and cleared'],
  [['delete', 'ada/dev', '--purge'], 'expected --yes, since no terminal can ask: Remove the home of ada/dev permanently?'],
  [['ping', 'ada/dev', '--at', 'yesterday'], 'Expected an instant such as 2026-03-29T06:30:00Z.'],
  [['list', '--state', 'asleep'], 'Allowed choices are off, building, running, turning-off, error, deleted.'],
  [['logs', 'ada/dev', '--build', '0'], "Expected a build's number, from 1."],
  [['logs', 'ada/dev', '--step', 'admit'], 'Allowed choices are configure, personalize.'],
  [['orphans', 'purge'], 'expected either the ids of homes, or --all'],
  [['orphans', 'purge', 'w1', '--all', '--yes'], 'expected either the ids of homes, or --all'],
  [['orphans', 'purge', '--all'], 'expected --yes, since no terminal can ask'],
  [['org', 'set'], 'expected a change: --set, --policy, or --file'],
  [['org', 'set', '--set', 'autoOff.after'], 'Expected PATH=VALUE, such as autoOff.after=1h.'],
  [['org', 'set', '--set', '__proto__.x=1'], 'Expected PATH=VALUE'],
  [['org', 'set', '--policy', '[]'], 'Expected one JSON object'],
  [['org', 'set', '--file', '/nowhere/policy.json'], 'Expected a file that can be read'],
  [['org', 'create', 'Research'], 'Expected 1 to 40 of a-z, 0-9, and "-"'],
])('Wrong usage %j exits with 2 and says: %s', async (args, sentence) => {
  const { code, out, error } = await run(args, { connect });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toMatch(/^perennial: (?!error)/);
  expect(error).toContain(sentence);
  expect(error).toContain('(--help says how it is used)');
});

test('With --json wrong usage is an object on standard output too.', async () => {
  const { code, out } = await run(['status', 'ada/dev', '--json', '--yearly'], { connect });
  expect(code).toBe(2);
  expect(JSON.parse(out)).toEqual({ error: { type: 'WrongUsage', message: "unknown option '--yearly'" } });
});

test('No command at all, and a group without one, print the help and exit with 2.', async () => {
  expect(await run([])).toMatchObject({ code: 2, out: '', error: expect.stringContaining('Usage: perennial') });
  expect(await run(['org'])).toMatchObject({ code: 2, error: expect.stringContaining('Usage: perennial org') });
});

test.each([
  'create',
  'list',
  'status',
  'explain',
  'start',
  'stop',
  'rebuild',
  'cancel',
  'ping',
  'configure',
  'delete',
  'restore',
  'logs',
  'shell',
  'orphans list',
  'orphans purge',
  'org create',
  'org show',
  'org set',
  'completion',
])('The help of "%s" exits with 0, shows an example and the options that hold everywhere.', async (name) => {
  const { code, out, error } = await run([...name.split(' '), '--help'], { connect });
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out).toContain(`Usage: perennial ${name}`);
  expect(out).toContain(`Example:\n  perennial ${name}`);
  for (const option of ['--json', '--dir', '--address', '--namespace']) expect(out).toContain(option);
});

test('The list of commands shows the arguments of each as the command itself does.', async () => {
  const { out } = await run(['--help']);
  const listed = [...out.matchAll(/^ {2}([a-z].*?) {2,}/gm)]
    .map(([, term = '']) => term)
    .filter((term) => !term.startsWith('help'));
  expect(listed.length).toBeGreaterThan(15);
  for (const term of listed) {
    const [name = '', ...rest] = term.split(' ');
    const usage = (await run([name, '--help'])).out.split('\n')[0];
    expect(usage).toBe(`Usage: perennial ${[name, '[options]', ...rest].join(' ')}`);
  }
});

test('The help of the whole names the exit codes and where JSON errors go.', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('Exit codes: 0 well, 1 refused or failed, 2 wrong usage.');
  expect(out).toContain('{ "error": { "type", "message" } } on standard output');
});

test('The schedule needs no server, and takes --json from either side.', async () => {
  const options = ['--time', '09:00', '--time-zone', 'Europe/Berlin', '--from', '2027-03-01', '--days', '1'];
  const expected = [{ date: '2027-03-01', at: '2027-03-01T08:00:00.000Z' }];
  expect(JSON.parse((await run(['--json', 'schedule', ...options], { connect })).out)).toEqual(expected);
  expect(JSON.parse((await run(['schedule', ...options, '--json'], { connect })).out)).toEqual(expected);
  expect((await run(['schedule', ...options, '--days', '0'], { connect })).code).toBe(2);
});

test('The help of --env says that it is not for secrets.', async () => {
  const { out } = await run(['create', '--help']);
  expect(out.replace(/\s+/g, ' ')).toContain('Not for secrets: it is stored in histories');
});
