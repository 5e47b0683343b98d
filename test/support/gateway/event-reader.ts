/** A client of server-sent events, which reads as fast as the test takes them. */
import { get, type IncomingMessage } from 'node:http';

/** The fields of all events. */
export type EventData = Partial<Record<'name' | 'state' | 'step' | 'text' | 'message', string>> & { number?: number };

export interface ReceivedEvent {
  event: string;
  id: string | null;
  data: EventData;
}

export interface EventReader {
  status: number;
  events: AsyncGenerator<ReceivedEvent>;
  /** Leaves without a word, as a killed client does. */
  kill(): void;
}

export async function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  response.on('error', () => undefined);
  return { status: response.statusCode ?? 0, events: parse(response), kill: () => response.destroy() };
}

async function* parse(response: IncomingMessage): AsyncGenerator<ReceivedEvent> {
  let text = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      const blocks = (text + part).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2)));
        if (fields.event) yield { event: fields.event, id: fields.id ?? null, data: JSON.parse(fields.data ?? '') as EventData };
      }
    }
  } catch {
    // The connection was lost.
  }
}
