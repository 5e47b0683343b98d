/**
 * @temporalio/workflow 1.24.0 buffers the messages that arrive before their handlers are registered (at creation, or during a
 * continue-as-new), and dispatches them in the order of registration, not of arrival: a stop followed by a start would become a start
 * followed by a stop. Upstream: temporalio/sdk-typescript#274. This can go when the SDK dispatches in order of arrival.
 *
 * It uses internals of the SDK, for which test/workflows/workspace/hand-over.test.ts checks the order.
 */
interface Buffers {
  bufferedSignals: unknown[];
  bufferedUpdates: unknown[];
  dispatchBufferedSignals(): void;
  dispatchBufferedUpdates(): void;
}

/** Registers handlers, and only then dispatches the buffered messages: signals, then updates, each in order of arrival. */
export function inOrderOfArrival(register: () => void): void {
  const buffers = (globalThis as { __TEMPORAL_ACTIVATOR__?: Buffers }).__TEMPORAL_ACTIVATOR__;
  const signals = buffers?.bufferedSignals.splice(0) ?? [];
  const updates = buffers?.bufferedUpdates.splice(0) ?? [];
  register();
  buffers?.bufferedSignals.push(...signals);
  buffers?.bufferedUpdates.push(...updates);
  buffers?.dispatchBufferedSignals();
  buffers?.dispatchBufferedUpdates();
}
