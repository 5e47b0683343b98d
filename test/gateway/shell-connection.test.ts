import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { WINDOW_BYTES } from '../../src/client/shell/protocol';
import { listenToClient } from '../../src/gateway/shell/connection';

test.each([
  ['no', 0, 0],
  ['too many', 4 * WINDOW_BYTES + 1, 1],
])('A client with %s bytes of reports that wait is cut off only where there are too many.', (_, bufferedAmount, cuts) => {
  const socket = Object.assign(new EventEmitter(), {
    OPEN: 1,
    readyState: 1,
    bufferedAmount,
    send: jest.fn(),
    ping: jest.fn(),
    terminate: jest.fn(),
  });
  const listener = { onMessage: jest.fn(), onInput: jest.fn(), onClose: jest.fn() };
  const connection = listenToClient(socket as unknown as WebSocket, Date.now, listener);
  connection.send({ taken: 1 });
  socket.emit('close');
  expect([socket.terminate.mock.calls.length, socket.send.mock.calls.length]).toEqual([cuts, 1 - cuts]);
});
