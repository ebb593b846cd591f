/** The gateway over SQLite in memory, with an outbox whose states the tests choose. */
import { createHash } from "node:crypto";
import type { Identities } from "../../src/bitmessage/messaging/identities.js";
import type {
  Draft,
  Identity,
  OutboxEntry,
  OutboxId,
  ReceivedMessage,
} from "../../src/bitmessage/messaging/types.js";
import { type Address, decodeAddress, encodeAddress } from "../../src/bitmessage/protocol/address.js";
import type { InventoryHash } from "../../src/bitmessage/protocol/inventory-hash.js";
import type { IdentityKeys } from "../../src/bitmessage/protocol/keys.js";
import { createAddressBook, isBridgeAddress } from "../../src/gateway/addresses.js";
import { createAutomaticMailRules } from "../../src/gateway/automatic-mail.js";
import { createCorrespondents } from "../../src/gateway/correspondents.js";
import { createHandoverQueue, type HandoverQueue } from "../../src/gateway/handover/queue.js";
import { createHandOn, type DeliveryRule } from "../../src/gateway/handover/received.js";
import { createRelay } from "../../src/gateway/handover/relay.js";
import { createDelivery } from "../../src/gateway/incoming/delivery.js";
import { createMailingLists } from "../../src/gateway/incoming/mailing-lists.js";
import { createAppPasswords } from "../../src/gateway/logins/app-passwords.js";
import { LoginSessions } from "../../src/gateway/logins/login-sessions.js";
import { createLogins } from "../../src/gateway/logins/logins.js";
import { PasswordHashing } from "../../src/gateway/logins/password-hashing.js";
import { createUsers } from "../../src/gateway/logins/users.js";
import { createGatewayBackend } from "../../src/gateway/mailboxes/backend.js";
import { createJunk } from "../../src/gateway/mailboxes/junk.js";
import { createMailCopies } from "../../src/gateway/mailboxes/mail-copies.js";
import { createFolders, type Layout } from "../../src/gateway/mailboxes/mailboxes.js";
import { createManagedFolders } from "../../src/gateway/mailboxes/managed-folders.js";
import { createOrdinaryAddresses, type OrdinaryAddress } from "../../src/gateway/ordinary-addresses.js";
import { createDrafting } from "../../src/gateway/outgoing/drafting.js";
import { createSubmission } from "../../src/gateway/outgoing/submission.js";
import { createReports } from "../../src/gateway/reports/reports.js";
import { createStates } from "../../src/gateway/reports/states.js";
import type { GatewaySettings } from "../../src/gateway/settings.js";
import { silentLogger } from "../../src/logger.js";
import { openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";

export const DOMAIN = "bm.localhost";
export const START = 1_700_000_000;

/** An address that belongs to nobody, the same for the same name. */
export function addressOf(name: string): Address {
  const ripe = new Uint8Array(createHash("sha256").update(name).digest().subarray(0, 20));
  ripe[0] = 0;
  ripe[1] ||= 1;
  return encodeAddress(4, 1, ripe);
}

export function hashOf(name: string): InventoryHash {
  return createHash("sha256").update(name).digest("hex") as InventoryHash;
}

const noKeys: IdentityKeys = {
  signing: { privateKey: new Uint8Array(32).fill(1), publicKey: new Uint8Array(65).fill(4) },
  encryption: { privateKey: new Uint8Array(32).fill(2), publicKey: new Uint8Array(65).fill(4) },
  ripe: new Uint8Array(20),
};

export function identityOf(address: Address, values: Partial<Identity> = {}): Identity {
  const { version, stream, ripe } = decodeAddress(address);
  return {
    address,
    version,
    stream,
    keys: { ...noKeys, ripe },
    label: "",
    enabled: true,
    chan: false,
    passphrase: null,
    user: "anna",
    difficulty: { trialsPerByte: 1000n, extraBytes: 1000n },
    sendsAcknowledgements: true,
    lastPubkeySent: 0,
    pubkeyPending: false,
    created: START,
    ...values,
  };
}

/** Passwords of tests need not withstand anybody. */
export const cheapHashing = { costs: [{ N: 1024, r: 8, p: 1 }], scramIterations: 4096 } as const;

export type World = ReturnType<typeof createWorld>;

export interface WorldOptions {
  /** Ordinary addresses; with them there is a smarthost, which nothing is handed to. */
  readonly ordinary?: readonly OrdinaryAddress[];
  readonly rules?: readonly DeliveryRule[];
  readonly layout?: Layout;
  /** Seconds; a day when not given. */
  readonly delayWarning?: number;
}

export function createWorld(options: WorldOptions = {}) {
  const time = { now: START };
  const clock = () => time.now;
  const database = openDatabase(":memory:");
  const stores = createSqliteStores(database, { clock });
  const settings: GatewaySettings = {
    domain: DOMAIN,
    threadHeaders: "on",
    attachments: "extended",
    delayWarning: options.delayWarning ?? 86_400,
    deliveredReports: "requested",
    autoReplyLimit: 3,
  };
  const shared = { ...stores, settings, clock, log: silentLogger };
  const ordinaryAddresses = createOrdinaryAddresses(options.ordinary ?? [], stores.identities);
  const relayed = options.ordinary === undefined ? ({} as const) : ({ relay: "on" } as const);
  const addresses = createAddressBook({
    ...stores,
    domain: DOMAIN,
    streams: [1],
    ordinaryAddresses,
    ...relayed,
  });
  const folders = createFolders({ ...stores, layout: options.layout ?? "combined" });
  const copies = createMailCopies({ ...stores, folders });
  let handoverIds = 0;
  const handoverQueue: HandoverQueue = createHandoverQueue({
    ...shared,
    targets: [],
    reports: { failed: nothingToAppend, delayed: nothingToAppend, relayed: nothingToAppend },
    policy: { firstWait: 60, longestWait: 3600, delayWarning: 0, giveUpAfter: 0 },
    observer: (handover) => copies.refresh(handover.user, handover.messageId, handover),
    timer: () => () => {},
    random: () => 0.5,
    newId: () => `handover${++handoverIds}`,
  });
  const handOn = createHandOn({ queue: handoverQueue, rules: options.rules ?? [], ordinaryAddresses });
  const relay = createRelay({
    queue: handoverQueue,
    ordinaryAddresses,
    domain: DOMAIN,
    isOurs: (mailAddress) => isBridgeAddress(mailAddress, DOMAIN),
  });
  const reports = createReports({
    ...shared,
    handOn,
    addresses,
    folders,
    copies,
    priceOf: () => "5000 trials, about 2 minutes on this machine",
  });
  const due = { count: 0 };
  const timers: (() => void)[] = [];
  /** Seconds of each timer that was ever set. */
  const waits: number[] = [];
  const states = createStates({
    ...shared,
    copies,
    timer: (seconds, task) => {
      waits.push(seconds);
      timers.push(task);
      return () => timers.splice(timers.indexOf(task), 1);
    },
    reportsDue: () => {
      due.count++;
    },
  });
  const hashing = new PasswordHashing(cheapHashing);
  const sessions = new LoginSessions();
  const users = createUsers({
    ...shared,
    folders,
    subscriptions: fakeSubscriptions(stores),
    hashing,
    sessions,
  });
  const appPasswords = createAppPasswords({ ...stores, sessions, clock });
  const loginWaits: number[] = [];
  const loginClock = { now: 0 };
  const logins = createLogins({
    ...shared,
    appPasswords,
    hashing,
    sourceOf: async ({ remoteAddress }) => ({ source: remoteAddress, trust: "none" }),
    guard: { now: () => loginClock.now, wait: async (milliseconds) => void loginWaits.push(milliseconds) },
  });
  const outbox = createFakeOutbox(stores, clock, states.observe);
  const policy = { maximumWork: 0 };
  const correspondents = createCorrespondents(shared);
  const drafting = createDrafting({
    ...shared,
    correspondents,
    outbox,
    policy,
    trialsPerSecond: () => 1_000_000,
  });
  let ids = 0;
  const submission = createSubmission({
    ...shared,
    logins,
    sessions,
    addresses,
    outbox,
    copies,
    automaticMail: createAutomaticMailRules(shared),
    administration: { perform: async () => undefined },
    relay,
    drafting,
    newId: () => `id${++ids}`,
  });
  const managedFolders = createManagedFolders({
    folders,
    mailboxes: stores.mailboxes,
    identities: fakeIdentities(stores),
    subscriptions: fakeSubscriptions(stores),
  });
  const identityListeners = new Set<() => void>();
  const removedLogins = new Set<string>();
  const backend = createGatewayBackend({
    junk: createJunk({ ...stores, folders }),
    ...shared,
    logins,
    sessions,
    folders,
    managedFolders,
    outbox,
    handoverQueue,
    hasLogin: (user) => !removedLogins.has(user),
    identityChanges: (listener) => {
      identityListeners.add(listener);
      return () => identityListeners.delete(listener);
    },
  });
  const mailingLists = createMailingLists({ ...shared, outbox: () => outbox });
  const delivery = createDelivery({ ...shared, addresses, folders, correspondents, handOn, mailingLists });
  const own = addressOf("anna");
  stores.identities.save(identityOf(own, { label: "Anna at home" }));
  folders.ensureInitial("anna");
  return {
    time,
    database,
    stores,
    settings,
    addresses,
    folders,
    copies,
    reports,
    due,
    timers,
    waits,
    states,
    users,
    sessions,
    appPasswords,
    logins,
    loginWaits,
    loginClock,
    identityListeners,
    removedLogins,
    outbox,
    policy,
    submission,
    backend,
    delivery,
    handoverQueue,
    mailingLists,
    own,
    anna: { name: "anna" },
  };
}

const nothingToAppend = async () => () => {};

type Stores = ReturnType<typeof createSqliteStores>;

/** Keeps entries as the real one does, and does nothing with them. */
function createFakeOutbox(
  stores: Stores,
  clock: () => number,
  observe: (entry: OutboxEntry, previous: OutboxEntry | null) => void,
) {
  let count = 0;
  const cost = { objectLength: 500, trials: 1_000_000 };
  const change = (id: OutboxId, values: Partial<OutboxEntry>) =>
    stores.transactions.run(() => {
      const previous = stores.outbox.get(id)!;
      const entry = { ...previous, ...values, changed: clock() };
      stores.outbox.update(entry);
      observe(entry, previous);
      return entry;
    });
  return {
    cost,
    change,
    drafts: [] as Draft[],
    cancelled: [] as OutboxId[],
    estimate: () => cost,
    enqueue(draft: Draft): OutboxEntry {
      this.drafts.push(draft);
      const entry: OutboxEntry = {
        ...draft,
        id: `outbox${++count}` as OutboxId,
        ttl: draft.ttl ?? 345_600,
        state: "queued",
        failure: null,
        awaitsAcknowledgement: false,
        ackData: null,
        attempts: 0,
        pubkeyRequests: 0,
        created: clock(),
        started: clock(),
        changed: clock(),
        nextAction: null,
        expires: null,
        inventoryHash: null,
      };
      stores.outbox.add(entry);
      observe(entry, null);
      return entry;
    },
    cancel(id: OutboxId): OutboxEntry {
      this.cancelled.push(id);
      return change(id, { state: "cancelled" });
    },
  };
}

function fakeIdentities(stores: Stores): Pick<Identities, "joinChan" | "leaveChan" | "setLabel"> {
  return {
    joinChan({ user, passphrase, label = "" }) {
      const chan = identityOf(addressOf(`chan ${passphrase}`), { user, passphrase, label, chan: true });
      stores.identities.save(chan);
      return chan;
    },
    leaveChan: (user, address) => stores.identities.remove(user, address),
    setLabel(user, address, label) {
      const changed = { ...stores.identities.get(user, address)!, label };
      stores.identities.save(changed);
      return changed;
    },
  };
}

function fakeSubscriptions(stores: Stores) {
  return {
    list: () => stores.subscriptions.list(),
    get: (user: string, address: Address) => stores.subscriptions.get(user, address),
    add({ user, address, label }: { user: string; address: string; label: string }) {
      const subscription = { user, address: address as Address, label, enabled: true };
      stores.subscriptions.save(subscription);
      return subscription;
    },
    remove: (user: string, address: Address) => stores.subscriptions.remove(user, address),
    setLabel(user: string, address: Address, label: string) {
      const changed = { ...stores.subscriptions.get(user, address)!, label };
      stores.subscriptions.save(changed);
      return changed;
    },
  };
}

/** A mail of these lines, ended by CR LF. */
export function mailOf(...lines: string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1"));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** The messages of a mailbox: their octets and flags, oldest first. */
export function messagesIn(world: World, name: string, user = "anna") {
  const { mailboxes } = world.stores;
  const mailbox = mailboxes.find(user, name);
  if (mailbox === null) return [];
  return mailboxes.snapshot(mailbox, "read-only").messages.map(({ uid, flags }) => ({
    uid,
    flags,
    text: textOf(mailboxes.read(mailbox, uid)!),
  }));
}

export function receivedOf(
  world: World,
  values: Partial<ReceivedMessage> & { text?: Partial<TextContent> } = {},
): ReceivedMessage {
  const { text, ...others } = values;
  return {
    kind: "msg",
    hash: hashOf("message"),
    from: addressOf("bob"),
    to: world.own,
    users: ["anna"],
    chan: false,
    encoding: 2,
    content: {
      kind: "text",
      subject: "Hello",
      body: "How are you?\n",
      files: [],
      parents: [],
      headers: {},
      ...text,
    },
    received: START,
    expires: START + 345_600,
    ...others,
  };
}

type TextContent = Extract<ReceivedMessage["content"], { kind: "text" }>;
