/** The OpenAPI document against the routes, and the answers against the document. */
import Ajv from 'ajv/dist/2020';
import { type FakePerennial, fakePerennial, OWNER } from '../support/gateway/fake-perennial';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { type Stack, startStack, untilState } from '../support/workflows/temporal-env';

interface Operation {
  operationId: string;
  summary: string;
  security?: object[];
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { required?: boolean };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

let perennial: FakePerennial;
let gateway: TestGateway;
let document: Document;

beforeAll(async () => {
  perennial = fakePerennial();
  gateway = await startGateway(perennial.client);
  document = (await gateway.server.inject({ url: '/openapi.json' })).json();
});
afterAll(() => gateway?.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

test('The document is OpenAPI 3.1, of this version, and asks for a token by default.', () => {
  expect([document.openapi, document.info.version]).toEqual(['3.1.0', '0.0.0']);
  expect(document.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } });
});

test('The document has every route and no other, each with a name of its own and a sentence.', () => {
  const routes = gateway.routes.filter(({ method }) => method !== 'HEAD').map(({ method, url }) => `${method} ${url}`);
  const documented = operations().map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`);
  expect(documented.sort()).toEqual(routes.sort());
  const names = operations().map(({ operation }) => operation.operationId);
  expect(names.length).toBe(new Set(names).size);
  expect(operations().every(({ operation }) => operation.summary?.length > 10)).toBe(true);
});

test('Each parameter of a path is in the document, and each error has the schema of errors.', () => {
  for (const { path, operation } of operations()) {
    const expected = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const given = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect([path, given.map(({ name }) => name).sort()]).toEqual([path, expected.sort()]);
    if (operation.security?.length === 0) continue;
    const schema = { $ref: '#/components/schemas/Error' };
    for (const status of ['400', '401', '403', '404', '413', '415', '429', '500', '503'])
      expect([path, status, operation.responses[status]?.content?.['application/json']?.schema]).toEqual([path, status, schema]);
  }
});

test('Only health, readiness, and the document need no token, by the document and in fact.', async () => {
  const open = ['/healthz', '/readyz', '/openapi.json'];
  const documented = operations().filter(({ operation }) => operation.security?.length === 0);
  expect(documented.map(({ path }) => path).sort()).toEqual([...open].sort());
  for (const { path, method } of operations()) {
    const url = path.replace('{number}', '1').replace(/\{(\w+)\}/g, 'dev');
    const { statusCode } = await gateway.server.inject({ method: method as 'GET', url });
    expect([path, statusCode === 401]).toEqual([path, !open.includes(path)]);
  }
});

test('No body but that of a secret is required.', () => {
  const required = operations().filter(({ operation }) => operation.requestBody?.required);
  expect(required.map(({ operation }) => operation.operationId).sort()).toEqual(['setOrganizationSecret', 'setOwnerSecret']);
});

describe('On a real workspace', () => {
  let stack: Stack;
  let real: TestGateway;
  beforeAll(async () => {
    stack = await startStack('dev');
    await untilState(await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' }), 'running');
    real = await startGateway(stack.client);
  });
  afterAll(async () => {
    await real?.close();
    await stack?.close();
  });

  test.each([
    ['get', '/v1/workspaces'],
    ['get', '/v1/workspaces/{owner}/{name}'],
    ['get', '/v1/workspaces/{owner}/{name}/explain'],
    ['get', '/v1/workspaces/{owner}/{name}/builds/{number}'],
    ['patch', '/v1/workspaces/{owner}/{name}'],
    ['post', '/v1/workspaces/{owner}/{name}/ping'],
    ['post', '/v1/workspaces/{owner}/{name}/stop'],
    ['post', '/v1/workspaces/{owner}/{name}/start'],
    ['post', '/v1/workspaces/{owner}/{name}/rebuild'],
    ['post', '/v1/workspaces/{owner}/{name}/cancel-build'],
    ['delete', '/v1/workspaces/{owner}/{name}'],
    ['post', '/v1/workspaces/{owner}/{name}/restore'],
    ['get', '/v1/owners/{owner}/key'],
    ['get', '/v1/owners/{owner}/secrets'],
  ])('what %s %s answers is what the document says.', async (method, path) => {
    const url = path.replace('{owner}', 'ada').replace('{name}', 'dev').replace('{number}', '1');
    const headers = await real.as(OWNER);
    const answer = await real.server.inject({
      method: method as 'get',
      url,
      headers,
      ...(method === 'patch' && { payload: {} }),
    });
    expect(answer.statusCode).toBeLessThan(300);
    const schema = document.paths[path]?.[method]?.responses[answer.statusCode]?.content?.['application/json']?.schema;
    const ajv = new Ajv({ strict: false });
    ajv.addSchema({ $id: 'document', components: document.components });
    const text = JSON.stringify(schema).replaceAll('#/components', 'document#/components');
    const validate = ajv.compile(JSON.parse(text));
    expect([validate(answer.json()), validate.errors]).toEqual([true, null]);
  });
});
