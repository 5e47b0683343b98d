// @ts-check
/**
 * A lock among the processes of one machine: plain JavaScript, since the scripts that compile the sources use it too.
 *
 * Tickets are numbered files that name their holder. The highest is in force until it is released or its process has ended. A ticket is
 * created only above a ticket that is not in force, creation is atomic, and the highest is never removed. So a killed holder blocks no other
 * process, and two processes can never both take over from it.
 */
const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/**
 * A process: its pid, and its start, because the system assigns pids again.
 * @typedef {{ pid: number, startedAt: string }} Holder
 */

/**
 * Takes the lock whose folder this is. Returns the file of the ticket, or null while another process has the lock.
 * @param {string} folder
 * @param {{ holder: Holder, isAlive: (holder: Holder) => boolean }} options
 * @returns {string | null}
 */
function takeTicket(folder, { holder, isAlive }) {
  const found = newestNumber(folder);
  if (found > 0 && isInForce(path.join(folder, String(found)), isAlive)) return null;
  const ticket = path.join(folder, String(found + 1));
  if (!createTicket(ticket, holder)) return null;
  // Another process that read the folder earlier may have created a higher ticket meanwhile.
  if (newestNumber(folder) !== found + 1) {
    fs.rmSync(ticket, { force: true });
    return null;
  }
  for (const name of fs.readdirSync(folder)) {
    if (!(Number(name) > found)) fs.rmSync(path.join(folder, name), { force: true });
  }
  return ticket;
}

/**
 * Releases the lock. The end of the process does so too.
 * @param {string} ticket
 */
function releaseTicket(ticket) {
  const draft = `${ticket}.${randomUUID()}`;
  try {
    fs.writeFileSync(draft, 'null');
    fs.renameSync(draft, ticket);
  } catch {
    // On a full disk. An empty ticket counts as released, and needs no space.
    fs.truncateSync(ticket);
    fs.rmSync(draft, { force: true });
  }
}

/**
 * The process that has the lock; null when none has.
 * @param {string} folder
 * @param {(holder: Holder) => boolean} isAlive
 * @returns {Holder | null}
 */
function readHolder(folder, isAlive) {
  try {
    const holder = parseTicket(path.join(folder, String(newestNumber(folder))));
    return holder !== null && isAlive(holder) ? holder : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} ticket
 * @param {(holder: Holder) => boolean} isAlive
 */
function isInForce(ticket, isAlive) {
  try {
    const holder = parseTicket(ticket);
    return holder !== null && isAlive(holder);
  } catch (error) {
    // A ticket that vanished is below a higher one, which the next attempt finds. An unreadable one was damaged by a power cut, which
    // also ended its holder.
    return codeOf(error) === 'ENOENT';
  }
}

/**
 * @param {string} ticket
 * @returns {Holder | null} null when the ticket was released
 */
function parseTicket(ticket) {
  return JSON.parse(fs.readFileSync(ticket, 'utf8'));
}

/**
 * Fails when another process was faster. Linked into place, so that a ticket always names its holder.
 * @param {string} ticket
 * @param {Holder} holder
 */
function createTicket(ticket, holder) {
  const draft = `${ticket}.${randomUUID()}`;
  fs.writeFileSync(draft, JSON.stringify(holder));
  try {
    fs.linkSync(draft, ticket);
    return true;
  } catch (error) {
    // EEXIST: the ticket exists. ENOENT: the process that got the lock has removed this draft.
    if (['EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** @param {string} folder */
function newestNumber(folder) {
  return Math.max(0, ...fs.readdirSync(folder).map(Number).filter(Number.isInteger));
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code ?? '';
}

module.exports = { takeTicket, releaseTicket, readHolder };
