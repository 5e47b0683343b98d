import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { releaseTicket, takeTicket } from '../src/runtimes/sandbox/lock/ticket-lock.cjs';
import { startOf } from './running.mjs';

/**
 * Runs `work` while no other process does, and waits for one that does.
 * @template T
 * @param {string} folder
 * @param {(line: string) => void} say
 * @param {() => T | Promise<T>} work
 */
export async function withLock(folder, say, work) {
  mkdirSync(folder, { recursive: true });
  const holder = { pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  const take = () => takeTicket(folder, { holder, isAlive: ({ pid, startedAt }) => startOf(pid) === startedAt });
  let ticket = take();
  if (ticket === null) say('perennial: another process is preparing this checkout; waiting for it …');
  while (ticket === null) {
    await delay(200);
    ticket = take();
  }
  try {
    return await work();
  } finally {
    releaseTicket(ticket);
  }
}
