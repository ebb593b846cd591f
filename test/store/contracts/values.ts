/** Values for the contracts of the stores. */
import type {
  Contact,
  Identity,
  OutboxEntry,
  OutboxId,
  Subscription,
} from "../../../src/bitmessage/messaging/types.js";
import type { InventoryObject } from "../../../src/bitmessage/node/ports.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import type { MailboxWatcher, Submission } from "../../../src/gateway/ports.js";
import type { MailboxUpdate, NewMessage } from "../../../src/mail/imap/backend.js";
import type { StoreOptions, Stores } from "../../../src/store/stores.js";

export type MakeStores = (options?: StoreOptions) => Stores;

export const address = (name: string) => `BM-${name}` as Address;
export const hash = (number: number) => number.toString(16).padStart(64, "0") as InventoryHash;
export const bytes = (...values: number[]) => Uint8Array.from(values);
export const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

export function object(number: number, changes: Partial<InventoryObject> = {}): InventoryObject {
  const base = { type: 2, version: 1, stream: 1, expires: 1000, tag: null };
  return { hash: hash(number), ...base, bytes: filled(20, number % 256), ...changes };
}

export function identity(name: string, changes: Partial<Identity> = {}): Identity {
  const pair = (value: number) => ({ privateKey: filled(32, value), publicKey: filled(65, value + 1) });
  return {
    address: address(name),
    version: 4,
    stream: 1,
    keys: { signing: pair(1), encryption: pair(3), ripe: filled(20, 5) },
    label: "Anna",
    enabled: true,
    chan: false,
    passphrase: null,
    user: "anna",
    difficulty: { trialsPerByte: 2n ** 63n + 1n, extraBytes: 1000n },
    sendsAcknowledgements: true,
    lastPubkeySent: 0,
    pubkeyPending: false,
    created: 100,
    ...changes,
  };
}

export const contact = (name: string, changes: Partial<Contact> = {}): Contact => ({
  user: "anna",
  address: address(name),
  label: name,
  blocked: false,
  ...changes,
});

export const subscription = (name: string, changes: Partial<Subscription> = {}): Subscription => ({
  address: address(name),
  label: name,
  enabled: true,
  user: "anna",
  ...changes,
});

export function outboxEntry(id: string, changes: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    id: id as OutboxId,
    kind: "msg",
    from: address("anna"),
    to: address("bert"),
    subject: "Grüße",
    encoding: 2,
    content: bytes(0, 255, 1),
    ttl: 345600,
    wantsAcknowledgement: true,
    maximumWork: null,
    state: "queued",
    failure: null,
    awaitsAcknowledgement: false,
    ackData: null,
    attempts: 0,
    pubkeyRequests: 0,
    created: 10,
    started: 10,
    changed: 10,
    nextAction: null,
    expires: null,
    inventoryHash: null,
    ...changes,
  };
}

export function submission(
  id: string,
  outboxIds: readonly string[],
  changes: Partial<Submission> = {},
): Submission {
  return {
    id,
    user: "anna",
    messageId: "one@example",
    from: address("anna"),
    subject: "Hello",
    ret: "FULL",
    envid: null,
    created: 100,
    recipients: outboxIds.map((outboxId) => ({
      outboxId: outboxId as OutboxId,
      address: address("bert"),
      original: "Bert@bm.localhost",
      notify: ["SUCCESS", "FAILURE"],
      orcpt: null,
    })),
    ...changes,
  };
}

export function mail(text: string, changes: Partial<NewMessage> = {}): NewMessage {
  const header = `Subject: ${text}\r\nMessage-ID: <${text}@example>\r\n\r\n`;
  const whole = new TextEncoder().encode(`${header}body of ${text}\r\n`);
  const digest = {
    size: whole.length,
    envelope: `("${text}")`,
    body: "body",
    bodyStructure: "structure \u00ff",
    header,
    sentSeconds: 12,
    sentDay: null,
    subject: { folded: text, base: text.toUpperCase(), kind: "first" as const },
    addresses: { from: "", to: "BOB", cc: "" },
    references: { messageId: `<${text}@example>`, ids: ["<a@example>", "<b@example>"] },
  };
  return { bytes: whole, flags: [], internalDate: { seconds: 50, zone: 120 }, digest, ...changes };
}

/** A watcher that remembers what it was told. */
export function witness(): MailboxWatcher & { readonly updates: MailboxUpdate[] } {
  const updates: MailboxUpdate[] = [];
  return { updates, update: (update) => updates.push(update) };
}

/** A change of flags. */
export const seen = { action: "add", flags: ["\\Seen"] } as const;

/** What watchers have been told, by kind. */
export function typesOf(updates: readonly { readonly type: string }[]): string[] {
  return updates.map((update) => update.type);
}
