import { CommitGroup } from "../commit-group.js";
import type { Database } from "../database.js";
import { createKeyVault } from "../key-vault.js";
import { type StoreOptions, type Stores, systemClock, throwLater } from "../stores.js";
import { SqliteTransactions } from "../transactions.js";
import { SqliteAppPasswordStore } from "./app-passwords.js";
import { SqliteAutomaticAnswerLog } from "./automatic-answers.js";
import { SqliteCardStore } from "./cards.js";
import { SqliteContactStore } from "./contacts.js";
import { SqliteCapabilityStore, SqlitePreferenceStore } from "./correspondents.js";
import { SqliteDeliveryLog } from "./delivery-log.js";
import { SqliteExpungedNotes } from "./expunged-notes.js";
import { SqliteHandoverStore } from "./handovers.js";
import { SqliteIdentityStore } from "./identities.js";
import { SqliteImportLog } from "./import-log.js";
import { SqliteInventory } from "./inventory.js";
import { SqliteKnownNodeStore } from "./known-nodes.js";
import { SqliteMailboxStore } from "./mailboxes.js";
import { SqliteOutboxStore } from "./outbox.js";
import { SqlitePropertyStore } from "./properties.js";
import { SqlitePubkeyStore } from "./pubkeys.js";
import { SqliteReportStore } from "./reports.js";
import { SqliteSampleStore } from "./samples.js";
import { SqliteSecondLookStore } from "./second-looks.js";
import { SqliteSignatureStore } from "./signatures.js";
import { SqliteSubmissionStore } from "./submissions.js";
import { SqliteSubscriptionStore } from "./subscriptions.js";
import { SqliteThreadStore } from "./threads.js";
import { SqliteUserStore } from "./users.js";

/** All stores over one open database; closing it is the caller's business. Once per database: transactions are counted here. */
export function createSqliteStores(database: Database, options: StoreOptions = {}): Stores {
  const { clock = systemClock, reportError = throwLater } = options;
  const transactions = new SqliteTransactions(database, reportError, options.reportFailure);
  const properties = new SqlitePropertyStore(database);
  const keys = createKeyVault({
    properties,
    rewrite: (change) => rewriteKeys(change),
    clear,
    wipe: () => identities.wipe(),
  });
  const identities = new SqliteIdentityStore(database, transactions, keys);
  const inventory = new SqliteInventory(database, transactions);

  function rewriteKeys(change: () => void): void {
    transactions.run(() => {
      const all = identities.list();
      change();
      for (const identity of all) identities.save(identity);
    });
  }

  /** Keys as they were are left in no free page and not in the log. */
  function clear(): void {
    // With temporary files in memory all of the database would be there.
    database.pragma("temp_store = FILE");
    try {
      database.exec("VACUUM");
    } finally {
      database.pragma("temp_store = MEMORY");
    }
    database.pragma("wal_checkpoint(TRUNCATE)");
  }

  return {
    transactions,
    commits: new CommitGroup(transactions),
    properties,
    keys,
    samples: new SqliteSampleStore(database),
    inventory,
    objectQueue: inventory,
    knownNodes: new SqliteKnownNodeStore(database, transactions),
    identities,
    contacts: new SqliteContactStore(database),
    cards: new SqliteCardStore(database, transactions),
    subscriptions: new SqliteSubscriptionStore(database),
    pubkeys: new SqlitePubkeyStore(database),
    outbox: new SqliteOutboxStore(database),
    signatures: new SqliteSignatureStore(database),
    secondLooks: new SqliteSecondLookStore(database),
    mailboxes: new SqliteMailboxStore(database, transactions, { clock, reportError }),
    users: new SqliteUserStore(database),
    appPasswords: new SqliteAppPasswordStore(database),
    submissions: new SqliteSubmissionStore(database, transactions),
    reports: new SqliteReportStore(database),
    automaticAnswers: new SqliteAutomaticAnswerLog(database),
    capabilities: new SqliteCapabilityStore(database),
    preferences: new SqlitePreferenceStore(database),
    deliveryLog: new SqliteDeliveryLog(database),
    importLog: new SqliteImportLog(database),
    expungedNotes: new SqliteExpungedNotes(database, transactions),
    threads: new SqliteThreadStore(database, transactions),
    handovers: new SqliteHandoverStore(database, transactions),
  };
}
