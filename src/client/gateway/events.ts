import { setTimeout as pause } from 'node:timers/promises';
import { FINAL_TYPES } from '../../contract/failure-types';
import type { BuildView, StepView } from '../../contract/payloads';
import { RequestFailure, type RequestFailureType } from '../failure';
import type { GatewayHttp } from './http';

/** An event of a build, as the gateway sends it. */
export type GatewayEvent =
  | { event: 'step'; data: StepView & { build: number } }
  | { event: 'output'; data: { build: number; step: string; text: string; restarted?: true } }
  | { event: 'output-unavailable'; data: { build: number; step: string; message: string } }
  | { event: 'replaced'; data: { build: number; by: number } }
  | { event: 'end'; data: BuildView };

/** The gateway sends a comment more often; a connection that is silent for longer is lost. */
const SILENCE_MS = 45_000;
/** How often a connection is lost without any event before that is a failure. */
const MAX_LOSSES = 20;
const LONGEST_PAUSE_MS = 3_000;

/**
 * The events of a build until its end, over any number of connections: each goes on behind the last event of the one before.
 * @throws RequestFailure
 */
export async function* gatewayEvents(http: GatewayHttp, path: string): AsyncGenerator<GatewayEvent> {
  let lastId = '';
  for (let losses = 0; ; losses += 1) {
    try {
      for await (const { event, id, data } of connection(http, path, lastId)) {
        if (event === 'failure') throw failureOf(data);
        losses = 0;
        lastId = id;
        yield { event, data } as GatewayEvent;
        if (event === 'end') return;
      }
    } catch (error) {
      const isLasting = error instanceof RequestFailure && error.type !== 'Unavailable' && error.type !== 'RuntimeUnavailable';
      if (isLasting || losses >= MAX_LOSSES) throw error;
    }
    if (losses >= MAX_LOSSES) throw new RequestFailure('Unavailable', 'the gateway ended each connection before the build');
    await pause(Math.min(200 * 1.5 ** losses, LONGEST_PAUSE_MS));
  }
}

interface RawEvent {
  event: string;
  id: string;
  data: unknown;
}

/** The events of one connection, which ends without an error when it is lost. */
async function* connection(http: GatewayHttp, path: string, lastId: string): AsyncGenerator<RawEvent> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), SILENCE_MS);
  const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) };
  try {
    const response = await http.open(path, { headers, signal: ending.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of bytesOf(response)) {
      timer.refresh();
      const blocks = (text + decoder.decode(part, { stream: true })).split('\n\n');
      text = blocks.pop() ?? '';
      yield* blocks.flatMap(parseBlock);
    }
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read().catch(() => null);
    if (!next || next.done) return;
    yield next.value;
  }
}

function parseBlock(block: string): RawEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => (/^(\w*): ?(.*)$/.exec(line)?.slice(1, 3) as [string, string]) ?? ['', '']),
  );
  const [event, data] = [fields.get('event'), fields.get('data')];
  return event && data ? [{ event, id: fields.get('id') ?? '', data: JSON.parse(data) }] : [];
}

function failureOf(data: unknown): RequestFailure {
  const { type, message } = data as { type: string; message: string };
  const isFinal = (FINAL_TYPES as readonly string[]).includes(type);
  return new RequestFailure(
    isFinal ? (type as RequestFailureType) : type === 'Unauthorized' ? 'NotAllowed' : 'Unavailable',
    message,
  );
}
