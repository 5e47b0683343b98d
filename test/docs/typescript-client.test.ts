import { Client, Connection } from '@temporalio/client';
import { wrapClient } from '../../src/client';
import { FINAL_TYPES, TEMPORARY_TYPES } from '../../src/contract/failure-types';
import { codesIn, firstCells, readDocument, rowsOf, sectionOf } from '../support/documents';

const DOCUMENT = readDocument('docs/typescript-client.md');
/** A client that connects only when it is used. */
const client = wrapClient(new Client({ connection: Connection.lazy() }));

const methodsOf = (handle: object) =>
  Object.entries(handle).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));

test('The table of methods has every method of a workspace, and no other.', () => {
  const documented = firstCells(sectionOf(DOCUMENT, 'Workspaces')).map((cell) => cell.replace(/\(.*$/, ''));
  expect([...documented].sort()).toEqual(methodsOf(client.workspace('ada', 'dev')).sort());
});

test('The table of errors has every type of a request failure, and no other.', () => {
  const documented = rowsOf(sectionOf(DOCUMENT, 'Errors')).flatMap(([type = '']) => codesIn(type));
  expect([...documented].sort()).toEqual([...FINAL_TYPES, ...TEMPORARY_TYPES, 'AlreadyExists', 'Unavailable', 'Failed'].sort());
});
