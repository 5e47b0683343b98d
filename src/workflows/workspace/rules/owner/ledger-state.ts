/** Implements docs/owners.md, "Quotas": what a workspace keeps of its owner. */
import type { KnownOwner } from '../../../../contract/internal/ledger';

/** What a workspace knows of its owner. */
export interface LedgerState {
  /** The owner's settings. */
  settings: KnownOwner;
  /** A home is reserved, although it may not be made yet. */
  home: boolean;
  /** The last report as JSON, empty to send it again, and its sequence number. */
  sent: string;
  sequence: number;
}
