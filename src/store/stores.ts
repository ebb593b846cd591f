/** Everything that is kept, one member per port; made by `createSqliteStores` or `createMemoryStores`. */
import type {
  ContactStore,
  IdentityStore,
  ObjectQueue,
  OutboxStore,
  PubkeyStore,
  SecondLookStore,
  SignatureStore,
  SubscriptionStore,
  Transactions,
} from "../bitmessage/messaging/ports.js";
import type { Inventory, KnownNodeStore } from "../bitmessage/node/ports.js";
import type { CardStore } from "../gateway/cards/ports.js";
import type { HandoverStore } from "../gateway/handover/ports.js";
import type { AppPasswordStore } from "../gateway/logins/ports.js";
import type {
  AutomaticAnswerLog,
  CapabilityStore,
  DeliveryLog,
  EndedEntries,
  ExpungedNotes,
  GroupCommits,
  ImportLog,
  MailboxStore,
  PreferenceStore,
  ReportStore,
  Retained,
  SubmissionStore,
  ThreadStore,
  UserStore,
} from "../gateway/ports.js";
import type { KeyVault } from "./key-vault.js";

export interface Stores {
  readonly transactions: Transactions;
  readonly commits: GroupCommits;
  readonly properties: PropertyStore;
  /** Private keys at rest. */
  readonly keys: KeyVault;
  readonly samples: SampleStore;
  readonly inventory: Inventory;
  readonly objectQueue: ObjectQueue;
  readonly knownNodes: KnownNodeStore;
  readonly identities: IdentityStore;
  readonly contacts: ContactStore;
  readonly cards: CardStore;
  readonly subscriptions: SubscriptionStore;
  readonly pubkeys: PubkeyStore;
  readonly outbox: OutboxStore & EndedEntries;
  readonly signatures: SignatureStore & Retained;
  readonly secondLooks: SecondLookStore;
  readonly mailboxes: MailboxStore;
  readonly expungedNotes: ExpungedNotes;
  readonly users: UserStore;
  readonly appPasswords: AppPasswordStore;
  readonly submissions: SubmissionStore;
  readonly reports: ReportStore;
  readonly deliveryLog: DeliveryLog;
  readonly importLog: ImportLog;
  readonly automaticAnswers: AutomaticAnswerLog;
  readonly capabilities: CapabilityStore;
  readonly preferences: PreferenceStore;
  readonly threads: ThreadStore;
  readonly handovers: HandoverStore;
}

/** What is true of all that is kept, such as the network that it belongs to: texts by name. */
export interface PropertyStore {
  get(name: string): string | null;
  set(name: string, value: string): void;
}

/** What the node was doing in one minute. */
export interface Sample {
  /** Unix seconds, a whole minute. */
  readonly time: number;
  readonly peers: number;
  /** In this minute: */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly objectsReceived: number;
  readonly objectsSent: number;
  /** Share of the minute in which proof of work was done, 0 to 1. */
  readonly working: number;
}

export interface SampleStore {
  /** Replaces one of the same time. */
  add(sample: Sample): void;
  /** From that time on, oldest first. */
  since(time: number): readonly Sample[];
  removeBefore(time: number): void;
}

export interface StoreOptions {
  /** Unix seconds; the system's clock unless given. */
  readonly clock?: () => number;
  /** Hears of effects and watchers that threw after a commit. Unless given, the error is thrown where nobody can catch it. */
  readonly reportError?: (error: unknown) => void;
  /** Hears of every error that has undone a transaction, before whoever asked for it does. */
  readonly reportFailure?: (error: unknown) => void;
}

export function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}

/** Makes a bug in an effect visible without spoiling the commit that has already happened. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
