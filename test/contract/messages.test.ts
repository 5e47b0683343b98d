import * as workflow from '@temporalio/workflow';
import * as messages from '../../src/contract/messages';

const DEFINERS: Record<string, (name: string) => unknown> = {
  signal: workflow.defineSignal,
  query: workflow.defineQuery,
  update: workflow.defineUpdate,
};

test('Every definition of a message is what the SDK itself would make of its name.', () => {
  const definitions = Object.values(messages).filter((value) => typeof value === 'object');
  expect(definitions.length).toBeGreaterThan(20);
  for (const definition of definitions) expect(definition).toEqual(DEFINERS[definition.type]?.(definition.name));
});

test('The refusal of a build that was replaced leads to the build that replaced it.', () => {
  expect(messages.replacementIn(`build: expected one that is kept, got 2, which was ${messages.replacedBy(14)}`)).toBe(14);
  expect(messages.replacementIn('build: expected the number of a build that is kept (1, 2), got 7')).toBeNull();
});

test('A query is worth another attempt only where its failure ends in the words for it.', () => {
  expect(messages.isToAskAgain(new Error(`events came: ${messages.ASK_AGAIN}`))).toBe(true);
  expect(messages.isToAskAgain(new Error(`${messages.ASK_AGAIN} later`))).toBe(false);
  expect(messages.isToAskAgain(messages.ASK_AGAIN)).toBe(false);
});
