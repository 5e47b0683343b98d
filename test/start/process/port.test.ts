import { createServer } from 'node:net';
import { choosePort } from '../../../src/start/process/port';

test('Any free port is outside the range of outgoing connections, so that no connection has it first.', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => choosePort({ option: '--ui-port', port: 0 })));
  expect(Math.min(...ports)).toBeGreaterThan(1_024);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  expect(new Set(ports).size).toBeGreaterThan(40);
});

test('A port that was asked for is used as it is, and refused while another process has it.', async () => {
  const port = await choosePort({ option: '--ui-port', port: 0 });
  expect(await choosePort({ option: '--ui-port', port })).toBe(port);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(choosePort({ option: '--ui-port', port })).rejects.toThrow(
    `port ${port} is taken by another program; choose another with --ui-port N, or any free one with --ui-port 0`,
  );
  await new Promise((resolve) => server.close(resolve));
});
