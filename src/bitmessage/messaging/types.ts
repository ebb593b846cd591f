/** The values that messaging deals in: identities, contacts, subscriptions, the outbox and received messages. */
import type { Address } from "../protocol/address.js";
import type { ContentFile, ContentPiece } from "../protocol/content.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { IdentityKeys } from "../protocol/keys.js";
import type { Difficulty } from "../protocol/pow-target.js";

/** An address whose private keys a user has; a chan is one whose keys everybody has who knows its name. */
export interface Identity {
  readonly address: Address;
  readonly version: number;
  readonly stream: number;
  readonly keys: IdentityKeys;
  readonly label: string;
  readonly enabled: boolean;
  readonly chan: boolean;
  /** Chans only: the passphrase as UTF-8 text, so that members can be told. */
  readonly passphrase: string | null;
  /** The local login that owns it. Of a chan each member has an identity of its own, with label and switch. */
  readonly user: string;
  /** What we demand of senders. */
  readonly difficulty: Difficulty;
  readonly sendsAcknowledgements: boolean;
  /** Unix seconds at which its pubkey was last published; 0 for never (PROTOCOL.md section 16.2). */
  readonly lastPubkeySent: number;
  /** Its pubkey has been asked for and is not published yet: the proof of work starts anew after a crash. */
  readonly pubkeyPending: boolean;
  /** Unix seconds. */
  readonly created: number;
}

/** Somebody else's address, as one user knows it. */
export interface Contact {
  /** The local login that keeps it. */
  readonly user: string;
  readonly address: Address;
  readonly label: string;
  readonly blocked: boolean;
}

/** A broadcaster whom a user follows. */
export interface Subscription {
  readonly address: Address;
  readonly label: string;
  readonly enabled: boolean;
  readonly user: string;
}

export type OutboxId = string & { readonly __brand: "OutboxId" };

/** MAIL-MAPPING.md section 6. The last three are final. */
export type OutboxState =
  | "queued"
  | "awaiting-pubkey"
  | "proof-of-work"
  | "sent"
  | "acknowledged"
  | "failed"
  | "cancelled";

export type FailureReason = "bad-key" | "too-difficult" | "too-large" | "given-up" | "identity-gone";

/** A message to one recipient that is to be sent. */
export interface Draft {
  readonly kind: "msg" | "broadcast";
  readonly from: Address;
  /** For a broadcast the same as `from`. */
  readonly to: Address;
  readonly subject: string;
  /** PROTOCOL.md section 14. */
  readonly encoding: number;
  readonly content: Uint8Array;
  /** Seconds; null: the policy's. Brought into 1 hour to 28 days. */
  readonly ttl: number | null;
  readonly wantsAcknowledgement: boolean;
  /** Trials; null: the policy's; 0: no limit. */
  readonly maximumWork: number | null;
}

/** What another program has done of a sending already. */
export interface PastSending {
  /** `sent`: it is out, and its acknowledgement is awaited. */
  readonly state: "queued" | "sent";
  /** As in OutboxEntry. */
  readonly ackData: Uint8Array | null;
  readonly attempts: number;
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds at which it is to be sent again, or null. */
  readonly nextAction: number | null;
}

/** One message to one recipient, from acceptance to its end. Persisted at each change. */
export interface OutboxEntry {
  readonly id: OutboxId;
  readonly kind: "msg" | "broadcast";
  readonly from: Address;
  /** For a broadcast the same as `from`. */
  readonly to: Address;
  readonly subject: string;
  /** PROTOCOL.md section 14. */
  readonly encoding: number;
  readonly content: Uint8Array;
  /** Seconds the first try lives. */
  readonly ttl: number;
  readonly wantsAcknowledgement: boolean;
  /** Trials that the sender accepts; null: the policy's. */
  readonly maximumWork: number | null;
  readonly state: OutboxState;
  readonly failure: FailureReason | null;
  /** In the state `sent`: whether an acknowledgement is expected (not for chans, own addresses, broadcasts). */
  readonly awaitsAcknowledgement: boolean;
  /** Type, version, stream and body of the acknowledgement object, made once (PROTOCOL.md section 15). */
  readonly ackData: Uint8Array | null;
  /** How often the msg has been sent. */
  readonly attempts: number;
  /** How often the key has been asked for. */
  readonly pubkeyRequests: number;
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds from which giving up is counted: acceptance, or the last retry by hand. */
  readonly started: number;
  readonly changed: number;
  /** Unix seconds at which something is to be done next, or null. */
  readonly nextAction: number | null;
  /** Unix seconds at which the object on the network expires, or null. */
  readonly expires: number | null;
  readonly inventoryHash: InventoryHash | null;
}

/** An entry of which the content stays on the disk. */
export type OutboxEntryState = Omit<OutboxEntry, "content">;

/** A person's message that came in, proven to be from `from`. */
export interface ReceivedMessage {
  readonly kind: "msg" | "broadcast";
  readonly hash: InventoryHash;
  readonly from: Address;
  /** The identity or chan it was sent to; for a broadcast the broadcaster. */
  readonly to: Address;
  /** Who reads it: local logins. */
  readonly users: readonly string[];
  readonly chan: boolean;
  readonly encoding: number;
  readonly content: ReceivedContent;
  /** Unix seconds. */
  readonly received: number;
  readonly expires: number;
}

export type ReceivedContent =
  | {
      readonly kind: "text";
      readonly subject: string;
      readonly body: string;
      readonly files: readonly ContentFile[];
      /** Inventory vectors of preceding messages. */
      readonly parents: readonly Uint8Array[];
      /** Carried header lines, names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      /** What the sender's own form of the message is built from, when it is there. */
      readonly original?: readonly ContentPiece[];
    }
  /** An encoding that nobody knows; the raw bytes. */
  | { readonly kind: "placeholder"; readonly raw: Uint8Array };
