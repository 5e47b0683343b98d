import { formatTable } from '../../client/pages/tables';
import type { UsageView } from '../../contract/payloads';
import type { Policy, PolicyChange } from '../../contract/policy';

/** How many of the last changes are shown; `--json` has them all. */
const SHOWN_CHANGES = 5;

/** A policy with one line for each field, named as `--set` takes it. */
export function formatPolicy(name: string, { version, changes: _, ...fields }: Policy & { changes?: PolicyChange[] }): string {
  return [`organization ${name}, policy version ${version}`, formatTable(flatten(fields))].join('\n');
}

/** The last changes, newest last; empty when there was none. */
export function formatChanges(changes: PolicyChange[]): string {
  if (changes.length === 0) return '';
  const rows = changes
    .slice(-SHOWN_CHANGES)
    .map(({ at, by, version, fields }) => ['', at, `version ${version}`, by === null ? '-' : `by ${by}`, fields.join(', ')]);
  return ['last changes', formatTable(rows)].join('\n');
}

/** What each owner uses. */
export function formatUsage({ owners }: UsageView): string {
  const rows = Object.entries(owners).map(([owner, { running, homes, cpu, memory, disk }]) => {
    return [owner, String(running), String(homes), cpu, memory, disk];
  });
  if (rows.length === 0) return 'No workspaces.';
  return formatTable([['OWNER', 'RUNNING', 'HOMES', 'CPU', 'MEMORY', 'DISK'], ...rows]);
}

function flatten(fields: object, prefix = ''): string[][] {
  return Object.entries(fields).flatMap(([key, value]) => {
    const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    if (isBranch) return flatten(value, `${prefix}${key}.`);
    return [[`${prefix}${key}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}
