/** Schemas of secrets and keys. No answer has a value. */
import { z } from 'zod';
import type { KeyDelivery } from '../../client/key-delivery';
import type { KeyView, SecretView } from '../../contract/secrets';
import { nameField } from './inputs';

/** `holder` is the name of an owner or of an organization. */
export const ownerPath = z.object({ owner: nameField });
export const organizationPath = z.object({ organization: nameField });

const secretName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'expected 1 to 100 of A-Z, a-z, 0-9, _, -, .');
export const ownerSecretPath = ownerPath.extend({ name: secretName });
export const organizationSecretPath = organizationPath.extend({ name: secretName });

const text = z.string().max(1_000);

export const secretBody = z.object({
  value: z.string().min(1).describe('Never answered again; 64 KiB once decoded'),
  encoding: z.enum(['utf8', 'base64']).exactOptional().describe('Of the value; absent: utf8'),
  target: z
    .object({ env: text.nullish(), file: text.nullish(), git: text.nullish(), username: text.nullish() })
    .nullish()
    .describe("Where it arrives: one of env, file, and git with username; absent: the variable of the secret's name"),
});

const target = z.union([
  z.looseObject({ env: z.string() }),
  z.looseObject({ file: z.string() }),
  z.looseObject({ git: z.string(), username: z.string() }),
]);

export const secretAnswer: z.ZodType<SecretView> = z.looseObject({
  name: z.string(),
  scope: z.enum(['owner', 'organization']),
  target,
  version: z.int(),
  at: z.string().describe('ISO 8601 in UTC'),
  by: z.string().nullable(),
});

export const secretsAnswer = z.array(secretAnswer);
export const deletedAnswer = z.object({ version: z.int().describe('Of the deletion') });

const key = z.looseObject({
  owner: z.string(),
  publicKey: z.string().describe('One line as in authorized_keys'),
  fingerprint: z.string(),
  version: z.int(),
  createdAt: z.string(),
});
export const keyAnswer: z.ZodType<KeyView> = key;
export const rotatedAnswer: z.ZodType<KeyView & KeyDelivery> = key.extend({
  delivered: z.array(z.string()).describe('The running workspaces that have the new key'),
  holding: z.array(z.string()).describe('The workspaces with an earlier key, which is replaced as soon as their pod answers'),
});

for (const [id, schema] of Object.entries({ Secret: secretAnswer, Key: keyAnswer, RotatedKey: rotatedAnswer }))
  z.globalRegistry.add(schema, { id });
