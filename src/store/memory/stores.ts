import { CommitGroup } from "../commit-group.js";
import { createKeyVault } from "../key-vault.js";
import { type StoreOptions, type Stores, systemClock, throwLater } from "../stores.js";
import { MemoryAppPasswordStore } from "./app-passwords.js";
import { MemoryAutomaticAnswerLog } from "./automatic-answers.js";
import { MemoryCardStore } from "./cards.js";
import { MemoryCapabilityStore, MemoryPreferenceStore } from "./correspondents.js";
import {
  MemoryDeliveryLog,
  MemoryImportLog,
  MemoryReportStore,
  MemorySubmissionStore,
  MemoryThreadStore,
  MemoryUserStore,
} from "./gateway.js";
import { MemoryHandoverStore } from "./handovers.js";
import { MemoryMailboxStore } from "./mailboxes.js";
import {
  MemoryContactStore,
  MemoryIdentityStore,
  MemoryOutboxStore,
  MemoryPubkeyStore,
  MemorySecondLookStore,
  MemorySignatureStore,
  MemorySubscriptionStore,
} from "./messaging.js";
import { MemoryInventory, MemoryKnownNodeStore } from "./network.js";
import { MemoryPropertyStore } from "./properties.js";
import { MemorySampleStore } from "./samples.js";
import { MemoryTransactions } from "./transactions.js";

/** All stores in memory, with the same behaviour as those in SQLite: for tests and for trying things out. */
export function createMemoryStores(options: StoreOptions = {}): Stores {
  const { clock = systemClock, reportError = throwLater } = options;
  const transactions = new MemoryTransactions(reportError);
  const properties = new MemoryPropertyStore(transactions);
  const inventory = new MemoryInventory(transactions);
  return {
    transactions,
    commits: new CommitGroup(transactions),
    properties,
    keys: createKeyVault({ properties, rewrite: (change) => transactions.run(change) }),
    samples: new MemorySampleStore(transactions),
    inventory,
    objectQueue: inventory,
    knownNodes: new MemoryKnownNodeStore(transactions),
    identities: new MemoryIdentityStore(transactions),
    contacts: new MemoryContactStore(transactions),
    cards: new MemoryCardStore(transactions),
    subscriptions: new MemorySubscriptionStore(transactions),
    pubkeys: new MemoryPubkeyStore(transactions),
    outbox: new MemoryOutboxStore(transactions),
    signatures: new MemorySignatureStore(transactions),
    secondLooks: new MemorySecondLookStore(transactions),
    mailboxes: new MemoryMailboxStore(transactions, { clock, reportError }),
    users: new MemoryUserStore(transactions),
    appPasswords: new MemoryAppPasswordStore(transactions),
    submissions: new MemorySubmissionStore(transactions),
    reports: new MemoryReportStore(transactions),
    automaticAnswers: new MemoryAutomaticAnswerLog(transactions),
    capabilities: new MemoryCapabilityStore(transactions),
    preferences: new MemoryPreferenceStore(transactions),
    deliveryLog: new MemoryDeliveryLog(transactions),
    importLog: new MemoryImportLog(transactions),
    // They live no longer than the process.
    expungedNotes: { forgetOldest: () => 0 },
    threads: new MemoryThreadStore(transactions),
    handovers: new MemoryHandoverStore(transactions),
  };
}
