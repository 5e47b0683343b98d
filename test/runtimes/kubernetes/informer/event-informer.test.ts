import { setTimeout as delay } from 'node:timers/promises';
import type { CoreV1Event } from '@kubernetes/client-node';
import {
  createEventInformer,
  type EventInformer,
  type EventSource,
} from '../../../../src/runtimes/kubernetes/informer/event-informer';
import { failure } from '../../../support/kubernetes/fake-pods';
import { eventOf, podOf } from '../../../support/kubernetes/pod-objects';
import { until } from '../../../support/until';

type WatchAt = Parameters<EventSource['events']['watch']>[0];
type OnEvent = Parameters<EventSource['events']['watch']>[1];

/** A server of events that the test drives. */
function drivenEvents() {
  const watches: (WatchAt & { send: OnEvent; fail(error: Error): void })[] = [];
  const asked = { now: 0 };
  const api: EventSource = {
    events: {
      now: async () => {
        asked.now += 1;
        return '100';
      },
      watch: (at, send) =>
        new Promise((_, reject) => {
          watches.push({ ...at, send, fail: reject });
          at.signal.addEventListener('abort', () => reject(failure(null)));
        }),
    },
  };
  return { api, watches, asked };
}

const versioned = (reason: string, uid: string, version: string, object = {}): CoreV1Event => {
  const event = eventOf(reason, reason, 1, object);
  return { ...event, metadata: { name: reason, uid, resourceVersion: version } };
};

describe('The events of pods that start', () => {
  let driven: ReturnType<typeof drivenEvents>;
  let informer: EventInformer;
  beforeEach(() => {
    driven = drivenEvents();
    informer = createEventInformer(driven.api, { lingerMs: 20, retryMs: 1 });
  });
  afterEach(() => informer.close());
  const open = () => driven.watches.filter(({ signal }) => !signal.aborted);
  const reasons = (feed: { events(): CoreV1Event[] }) => feed.events().map(({ reason }) => reason);

  test('come from one watch for all subscriptions, and no list of all events is requested.', async () => {
    const feeds = Array.from({ length: 200 }, (_, at) => informer.subscribe(podOf({ name: `ws-${at}`, uid: `uid-${at}` })));
    await until(() => driven.watches.length > 0);
    expect([driven.watches.length, driven.asked.now]).toEqual([1, 1]);
    driven.watches[0]?.send({ type: 'ADDED', object: versioned('FailedMount', 'e1', '101', { uid: 'uid-7' }) });
    expect(feeds.map((feed) => reasons(feed).length).filter((count) => count > 0)).toEqual([1]);
    for (const feed of feeds) feed.close();
  });

  test('are those of the pod and of its claim, each once in its last state, and the newest of many.', async () => {
    const feed = informer.subscribe(podOf({}));
    await until(() => driven.watches.length > 0);
    const send = (object: CoreV1Event) => driven.watches[0]?.send({ type: 'MODIFIED', object });
    send(versioned('FailedScheduling', 'e1', '101'));
    send(versioned('FailedScheduling', 'e1', '102'));
    send(versioned('ProvisioningFailed', 'e2', '103', { kind: 'PersistentVolumeClaim', name: 'ws-w1-home', uid: 'claim' }));
    send(versioned('Other', 'e3', '104', { uid: 'uid-of-another' }));
    expect(reasons(feed)).toEqual(['FailedScheduling', 'ProvisioningFailed']);
    for (let at = 0; at < 100; at += 1) send(versioned(`Reason${at}`, `f${at}`, '200'));
    expect([feed.events().length, feed.events().at(-1)?.reason]).toEqual([40, 'Reason99']);
    feed.close();
  });

  test('are watched again after a failure, and no longer without subscriptions.', async () => {
    const feed = informer.subscribe(podOf({}));
    await until(() => driven.watches.length === 1);
    driven.watches[0]?.fail(failure(410));
    await until(() => driven.watches.length === 2);
    expect(driven.asked.now).toBe(2);
    feed.close();
    await until(() => open().length === 0);
    informer.subscribe(podOf({})).close();
    await until(() => driven.watches.length === 3);
  });

  test('are watched at intervals where the server closes each watch at once, as it does while it shuts down.', async () => {
    let watches = 0;
    const watch = async () => {
      watches += 1;
      await delay(1);
    };
    const hurried = createEventInformer({ events: { ...driven.api.events, watch } }, { retryMs: 50 });
    hurried.subscribe(podOf({}));
    await delay(300);
    hurried.close();
    expect(watches).toBeGreaterThan(1);
    expect(watches).toBeLessThan(12);
  });
});
