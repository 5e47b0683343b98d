/** Every route on a workspace with the callers that may use it; every kind of caller; and what each is answered otherwise. */
import type { Scope, TokenSubject } from '../../../src/secrets/tokens';

/** A route on the workspace `ada/dev`. */
export interface RouteRow {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Behind `/v1/workspaces/ada/dev`. */
  path: string;
  body?: object;
  /** The status for those who may. */
  status: number;
  mayItself: boolean;
  /** The scope that a service needs; null: no service may. */
  scope: Scope | null;
}

/** In an order in which each finds the workspace as it needs it, once it runs. */
export const WORKSPACE_ROUTES: RouteRow[] = [
  { method: 'GET', path: '', status: 200, mayItself: true, scope: 'read' },
  { method: 'GET', path: '/explain', status: 200, mayItself: true, scope: 'read' },
  { method: 'GET', path: '/builds/1', status: 200, mayItself: true, scope: 'read' },
  { method: 'POST', path: '/ping', body: { via: 'ide' }, status: 202, mayItself: true, scope: 'ping' },
  { method: 'POST', path: '/stop', body: { reason: 'lunch' }, status: 200, mayItself: true, scope: 'operate' },
  { method: 'POST', path: '/rebuild', body: { reason: 'new tools' }, status: 200, mayItself: true, scope: 'operate' },
  { method: 'POST', path: '/start', status: 200, mayItself: false, scope: 'operate' },
  { method: 'POST', path: '/cancel-build', status: 200, mayItself: false, scope: 'operate' },
  { method: 'POST', path: '/restore', status: 200, mayItself: false, scope: 'operate' },
  { method: 'PATCH', path: '', body: { autoStart: null }, status: 200, mayItself: false, scope: 'operate' },
  { method: 'DELETE', path: '', status: 200, mayItself: false, scope: 'operate' },
];

/** The workspace whose token `itself` is. */
export interface Itself {
  id: string;
  build: number;
}

const ALL_SCOPES: Scope[] = ['ping', 'read', 'operate', 'admin'];
const service = (scopes: Scope[], organizations = ['default']): TokenSubject => ({
  kind: 'service',
  name: 'ci',
  scopes,
  organizations,
});

/** Every kind of caller of `ada/dev`, which belongs to the organization `default`. */
export function callersOf({ id, build }: Itself): Record<string, TokenSubject> {
  const workspace = { kind: 'workspace', owner: 'ada', name: 'dev', id, build } as const;
  return {
    'another owner': { kind: 'owner', owner: 'bob' },
    'another workspace of the owner': { ...workspace, name: 'other' },
    'a workspace of that name of another owner': { ...workspace, owner: 'bob' },
    'the workspace of another build': { ...workspace, build: build + 1 },
    'the workspace with another home': { ...workspace, id: 'another' },
    'a service of another organization': service(ALL_SCOPES, ['acme']),
    'a service that pings': service(['ping']),
    'a service that reads': service(['read']),
    'a service that operates': service(['operate']),
    'a service that administers': service(['admin']),
    itself: workspace,
    owner: { kind: 'owner', owner: 'ada' },
  };
}

/** What a caller is answered on a route. */
export function expectedStatus({ status, mayItself, scope }: RouteRow, subject: TokenSubject, { id, build }: Itself): number {
  if (subject.kind === 'service') {
    if (!subject.organizations.includes('default')) return 404;
    return scope !== null && subject.scopes.includes(scope) ? status : 403;
  }
  if (subject.owner !== 'ada') return 404;
  if (subject.kind === 'owner') return status;
  if (subject.name !== 'dev') return 404;
  if (subject.id !== id || subject.build !== build) return 401;
  return mayItself ? status : 403;
}
