import type { KeyDelivery } from '../client/key-delivery';
import type { KeyView, SecretView } from '../contract/secrets';
import type { SecretHolder } from '../secrets/named-secrets';

/** A change of a secret, with a name and a target that are already checked. */
export interface SecretChange {
  name: string;
  target: Record<string, unknown>;
  value: Buffer;
  by: string | null;
}

/** What the commands ask of a keeper. Everything but the list reaches running workspaces within a minute. */
export interface SecretKeeper {
  list(holder: SecretHolder): Promise<SecretView[]>;
  set(holder: SecretHolder, change: SecretChange): Promise<SecretView>;
  /** Fails with `NotFound` where there is none. */
  delete(holder: SecretHolder, secret: { name: string; by: string | null }): Promise<void>;
  /** The owner's key, made where there is none. */
  showKey(owner: string): Promise<KeyView>;
  /** Makes a new pair, and waits up to a minute until every running workspace has it. */
  rotateKey(owner: string): Promise<KeyView & KeyDelivery>;
}
