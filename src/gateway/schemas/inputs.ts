/** Schemas of what callers send. They check types and bounds; what a field means is checked by the workspace, as for every caller. */
import { z } from 'zod';
import { NAME } from '../../contract/names';
import { WEEKDAYS } from '../../contract/payloads';
import { DEFAULT_PAGE } from '../list';

/** The limit of the workspace, in code points. A caller does not learn that the workspace refused a ping, so the gateway checks it. */
const SHORT_TEXT_MAX = 200;
const shortText = z
  .string()
  .refine((text) => text.length <= SHORT_TEXT_MAX || [...text].length <= SHORT_TEXT_MAX, {
    error: ({ input }) => `expected text of at most ${SHORT_TEXT_MAX} characters, got ${[...String(input)].length}`,
  })
  .meta({ maxLength: SHORT_TEXT_MAX });
/** Longer than any name or reference that is valid. */
const token = z.string().max(1_000);

export const nameField = z.string().regex(NAME, 'expected 1 to 40 of a-z, 0-9, -, with a letter or digit at both ends');

export const workspacePath = z.object({ owner: nameField, name: nameField });
export const buildPath = z.object({
  owner: nameField,
  name: nameField,
  number: z.coerce.number({ error: 'expected the number of a build' }).int().min(1).max(Number.MAX_SAFE_INTEGER),
});

/** Temporal's own limit of a page. */
const MAX_PAGE = 1_000;

export const listQuery = z.object({
  owner: nameField.exactOptional(),
  organization: nameField.exactOptional(),
  state: z.enum(['off', 'building', 'running', 'turning-off', 'error', 'deleted']).exactOptional(),
  limit: z.coerce
    .number({ error: `expected a number from 1 to ${MAX_PAGE}` })
    .int()
    .min(1)
    .max(MAX_PAGE)
    .exactOptional()
    .describe(
      `The most workspaces of one page. Absent: the whole list in one answer, by name; with pageToken a page of ${DEFAULT_PAGE}`,
    ),
  pageToken: z
    .string()
    .max(4_096)
    .regex(/^[\w-]+\.[\w-]+$/, 'expected the token of the page before')
    .exactOptional()
    .describe('From the header Link of the page before, whose other parameters have to be the same'),
});

const resources = z.object({ cpu: token.nullish(), memory: token.nullish(), disk: token.nullish() });
const env = z.record(z.string(), z.string());

export const noBody = z.object({});
export const pingBody = z.object({
  via: shortText.nullish().describe('ssh, terminal, web, ide, api, or any other text'),
  session: shortText.nullish(),
  at: z.iso.datetime({ offset: true }).nullish().describe('When it was used; absent: now'),
});
export const stopBody = z.object({ reason: shortText.nullish() });
export const rebuildBody = z.object({
  reason: shortText.nullish(),
  image: token.nullish(),
  resources: resources.nullish(),
  env: env.nullish(),
});
export const configureBody = z.object({
  autoStart: z
    .object({
      time: token.nullish(),
      timeZone: token.nullish(),
      weekdays: z.array(z.enum(WEEKDAYS)).max(7).nullish(),
    })
    .nullable()
    .exactOptional(),
  autoOff: z.object({ after: token }).nullable().exactOptional(),
  image: token.nullable().exactOptional(),
  resources: resources.nullable().exactOptional(),
  env: env.nullable().exactOptional(),
  dotfiles: z
    .object({ uri: z.string().max(4_096), ref: token.nullish() })
    .nullable()
    .exactOptional(),
});
export const deleteQuery = z.object({
  purge: z.enum(['true', 'false']).exactOptional().describe('true: the home is removed now'),
});
export const deleteBody = z.object({ purge: z.boolean().nullish() });
