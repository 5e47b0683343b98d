import { z } from 'zod';
import type { ShellClientMessage } from '../../client/shell/protocol';

const size = z.object({ columns: z.int().min(1).max(65_535), rows: z.int().min(1).max(65_535) });

/** Longer than any name of a terminal; what else it may have could end a line of an environment. */
const term = z.string().regex(/^[\w.+-]{1,100}$/);

/** An argument cannot hold a zero byte. */
const argument = z.string().regex(/^[^\0]*$/);

const message = z.union([
  z.object({ open: z.object({ command: z.array(argument).max(10_000), terminal: size.nullable(), term }) }),
  z.object({ resize: size }),
  z.object({ end: z.literal(true) }),
  z.object({ signal: z.enum(['SIGINT', 'SIGQUIT']) }),
  z.object({ taken: z.int().min(0) }),
]);

/** Null for what is no message of a client. */
export function parseClientMessage(text: string): ShellClientMessage | null {
  try {
    return message.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
