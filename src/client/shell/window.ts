import { Writable } from 'node:stream';
import { MAX_SHELL_MESSAGE_BYTES, WINDOW_BYTES } from './protocol';

/** The sending side of a window: no more data is under way than the peer has room for. */
export interface SendWindow {
  /** A stream whose data goes to a channel. A write is done once its data was sent. */
  channel(channel: number): Writable;
  /** The peer has taken data; more may be sent. */
  taken(bytes: number): void;
}

/** A write that waits for room. */
interface WaitingWrite {
  first: Buffer;
  rest: Buffer;
  done(): void;
}

/** `send` gets each message, with its channel as the first byte. */
export function createSendWindow(send: (message: Buffer) => void): SendWindow {
  let room = WINDOW_BYTES;
  const waiting: WaitingWrite[] = [];
  const sendWaiting = () => {
    for (let write = waiting[0]; write !== undefined && (room > 0 || write.rest.length === 0); write = waiting[0]) {
      const bytes = Math.min(write.rest.length, room, MAX_SHELL_MESSAGE_BYTES - 1);
      if (bytes > 0) send(Buffer.concat([write.first, write.rest.subarray(0, bytes)]));
      write.rest = write.rest.subarray(bytes);
      room -= bytes;
      if (write.rest.length > 0) continue;
      // Before it is done, as the stream may then write at once.
      waiting.shift();
      write.done();
    }
  };
  return {
    channel(channel) {
      const first = Buffer.from([channel]);
      return new Writable({
        highWaterMark: MAX_SHELL_MESSAGE_BYTES,
        write(rest: Buffer, _encoding, done) {
          waiting.push({ first, rest, done });
          sendWaiting();
        },
      });
    },
    taken(bytes) {
      room = Math.min(WINDOW_BYTES, room + bytes);
      sendWaiting();
    },
  };
}

/** The receiving side of a window. */
export interface ReceiveWindow {
  /** Writes data to a stream, and reports it as taken once the stream has. False for a peer that sent more than it may. */
  take(data: Buffer, to: Writable): boolean;
}

/** `report` gets the number of bytes that were taken. A stream that is closed takes everything. */
export function createReceiveWindow(report: (bytes: number) => void): ReceiveWindow {
  let held = 0;
  return {
    take(data, to) {
      held += data.length;
      if (held > WINDOW_BYTES) return false;
      to.write(data, () => {
        held -= data.length;
        report(data.length);
      });
      return true;
    },
  };
}
