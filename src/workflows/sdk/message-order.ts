/**
 * Messages that arrive before a run has its handlers (at its creation, or while an earlier run hands over) wait inside the SDK, which
 * hands them out as handlers are registered: in the order of registration, not of arrival. A stop followed by a start would become
 * a start followed by a stop. So they are held back here until all handlers are there.
 *
 * This reaches into the SDK, for want of a public way, and is the only place that does; a test holds it to what it promises.
 */
interface Buffers {
  bufferedSignals: unknown[];
  bufferedUpdates: unknown[];
  dispatchBufferedSignals(): void;
  dispatchBufferedUpdates(): void;
}

/** Registers handlers, and only then hands out what waited for them, each kind in the order in which it arrived. */
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
