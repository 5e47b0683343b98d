import path from 'node:path';
import { parseStartOptions, USAGE } from '../../src/start/options';
import { StartRefusal } from '../../src/start/start-refusal';

const fallback = { dir: '.perennial', images: 'images' };
const parse = (...args: string[]) => parseStartOptions(args, fallback);

function refusal(...args: string[]): StartRefusal {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof StartRefusal) return error;
  }
  throw new Error(`expected a refusal of ${args.join(' ')}`);
}

test('Without options everything has its documented default, with absolute folders.', () => {
  expect(parse()).toEqual({
    dir: path.resolve('.perennial'),
    images: path.resolve('images'),
    temporalPort: 7233,
    uiPort: 8233,
    gatewayPort: 0,
    runtime: 'sandbox',
    makesFirst: true,
  });
});

test('Every option is taken, with a space or with an equals sign.', () => {
  const args = [
    '--dir=/a',
    '--images',
    '/b',
    '--temporal-port',
    '0',
    '--ui-port=1',
    '--gateway-port',
    '65535',
    '--runtime',
    'sandbox',
  ];
  expect(parse(...args, '--no-first')).toEqual({
    dir: '/a',
    images: '/b',
    temporalPort: 0,
    uiPort: 1,
    gatewayPort: 65_535,
    runtime: 'sandbox',
    makesFirst: false,
  });
});

test('Asking for help gives no options.', () => {
  expect(parse('--help')).toBeNull();
});

test.each([
  [['--temporal-port', 'http'], '--temporal-port: expected a port from 0 to 65535, got "http"'],
  [['--ui-port', '65536'], '--ui-port: expected a port from 0 to 65535, got "65536"'],
  [['--gateway-port', '-1'], '--gateway-port'],
  [['--dir', ''], '--dir: expected a folder, got an empty text'],
  [['--runtime', 'docker'], '--runtime: expected sandbox or kubernetes, got "docker"'],
  [['--frist'], '--frist'],
  [['somewhere'], 'somewhere'],
])('Wrong usage %j is refused with exit code 2 and a sentence that names the option.', (args, sentence) => {
  const { exitCode, message } = refusal(...args);
  expect({ exitCode, message }).toEqual({ exitCode: 2, message: expect.stringContaining(sentence) });
});

test('The help lists every port.', () => {
  for (const option of ['--temporal-port', '--ui-port', '--gateway-port']) expect(USAGE).toContain(option);
  expect(parse('--gateway-port', '9000')?.gatewayPort).toBe(9_000);
});

test('Either runtime may be asked for.', () => {
  expect(parse('--runtime', 'kubernetes')?.runtime).toBe('kubernetes');
  expect(parse('--runtime', 'sandbox')?.runtime).toBe('sandbox');
});
