import { CommanderError } from 'commander';
import { scheduleCommand } from '../../../src/cli/commands/schedule';

const LOS_ANGELES = ['--time', '02:30', '--time-zone', 'America/Los_Angeles', '--from', '2027-03-12', '--days', '5'];

test('As JSON it prints each start with its date and its instant in UTC, over the night that skips the time.', () => {
  expect(JSON.parse(run([...LOS_ANGELES, '--json']).out)).toEqual([
    { date: '2027-03-12', at: '2027-03-12T10:30:00.000Z' },
    { date: '2027-03-13', at: '2027-03-13T10:30:00.000Z' },
    { date: '2027-03-14', at: '2027-03-14T10:00:00.000Z' },
    { date: '2027-03-15', at: '2027-03-15T09:30:00.000Z' },
    { date: '2027-03-16', at: '2027-03-16T09:30:00.000Z' },
  ]);
});

test('For people it prints the date, the weekday, the local time with its offset, and UTC.', () => {
  expect(run([...LOS_ANGELES, '--weekdays', 'sun,mon']).out).toBe(
    '2027-03-14  sun  2027-03-14T03:00-07:00  2027-03-14T10:00:00.000Z\n' +
      '2027-03-15  mon  2027-03-15T02:30-07:00  2027-03-15T09:30:00.000Z\n',
  );
});

test('A date that the zone skipped counts as one of the days and prints nothing.', () => {
  const options = ['--time', '09:00', '--time-zone', 'Pacific/Apia', '--from', '2011-12-29', '--days', '3', '--json'];
  expect(JSON.parse(run(options).out)).toEqual([
    { date: '2011-12-29', at: '2011-12-29T19:00:00.000Z' },
    { date: '2011-12-31', at: '2011-12-30T19:00:00.000Z' },
  ]);
});

test('Without a start it prints an empty list as JSON and a sentence for people.', () => {
  const options = [...LOS_ANGELES, '--weekdays', 'thu'];
  expect(run([...options, '--json']).out).toBe('[]\n');
  expect(run(options).out).toBe('No start on these dates.\n');
});

test('The longest range is 3660 dates.', () => {
  expect(JSON.parse(run([...LOS_ANGELES, '--days', '3660', '--json']).out)).toHaveLength(3660);
});

test.each([
  ['--time', '24:00', 'Expected a time of day'],
  ['--time', '2:30', 'Expected a time of day'],
  ['--time-zone', '+02:00', 'Expected the name of an IANA zone'],
  ['--time-zone', 'Mars/Base', 'Expected the name of an IANA zone'],
  ['--weekdays', 'mon,monday', 'Expected some of mon,tue,wed,thu,fri,sat,sun'],
  ['--weekdays', '', 'Expected some of mon,tue,wed,thu,fri,sat,sun'],
  ['--from', '2027-02-29', 'Expected a date of the calendar'],
  ['--from', '12.03.2027', 'Expected a date of the calendar'],
  ['--days', '0', 'Expected a whole number from 1 to 3660'],
  ['--days', '3661', 'Expected a whole number from 1 to 3660'],
  ['--days', '1.5', 'Expected a whole number from 1 to 3660'],
])('The option %s with %j exits with 2 and says what was expected.', (option, value, expected) => {
  const { exitCode, error, out } = run([...LOS_ANGELES, `${option}=${value}`]);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(error).toContain(`option '${option} <`);
  expect(error).toContain(`argument '${value}' is invalid. ${expected}`);
});

test.each(['--time', '--time-zone', '--from', '--days'])('Without %s it exits with 2 and names the option.', (option) => {
  const index = LOS_ANGELES.indexOf(option);
  const { exitCode, error } = run(LOS_ANGELES.toSpliced(index, 2));
  expect(exitCode).toBe(2);
  expect(error).toContain(`required option '${option} <`);
});

test('An unknown option and a stray argument exit with 2, and help exits with 0.', () => {
  expect(run([...LOS_ANGELES, '--yearly']).exitCode).toBe(2);
  expect(run([...LOS_ANGELES, 'ada/dev']).exitCode).toBe(2);
  expect(run(['--help'])).toMatchObject({ exitCode: 0, out: expect.stringContaining('--weekdays <list>') });
});

function run(options: string[]): { exitCode: number; out: string; error: string } {
  let out = '';
  let error = '';
  const command = scheduleCommand()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: (text) => {
        error += text;
      },
    });
  try {
    command.parse(options, { from: 'user' });
    return { exitCode: 0, out, error };
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return { exitCode: thrown.exitCode, out, error };
  }
}
