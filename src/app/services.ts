/** The rooms between the network and the mail servers, wired over one set of stores. Works without a network, too. */
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { createMessaging, type Messaging } from "../bitmessage/messaging/messaging.js";
import type { Publisher, SendPolicy } from "../bitmessage/messaging/ports.js";
import { createTrialPool } from "../bitmessage/messaging/trial-pool.js";
import type { OutboxEntry, OutboxId, ReceivedMessage } from "../bitmessage/messaging/types.js";
import type { Solver } from "../bitmessage/pow/solver.js";
import type { Difficulty } from "../bitmessage/protocol/pow-target.js";
import { type AddressBook, createAddressBook } from "../gateway/addresses.js";
import { createAdministration } from "../gateway/administration/administration.js";
import type { CommandLanguage } from "../gateway/administration/commands-by-mail.js";
import { createAutomaticMailRules } from "../gateway/automatic-mail.js";
import { createCardBackend } from "../gateway/cards/card-backend.js";
import { createCorrespondents } from "../gateway/correspondents.js";
import type { HandoverQueue } from "../gateway/handover/queue.js";
import { createImporter, type Importer } from "../gateway/importing/importer.js";
import { createDelivery } from "../gateway/incoming/delivery.js";
import { createMailingLists, type MailingLists } from "../gateway/incoming/mailing-lists.js";
import { type AppPasswords, createAppPasswords } from "../gateway/logins/app-passwords.js";
import { LoginSessions } from "../gateway/logins/login-sessions.js";
import { createLogins, type Logins } from "../gateway/logins/logins.js";
import { PasswordHashing } from "../gateway/logins/password-hashing.js";
import { createUsers, type Users } from "../gateway/logins/users.js";
import { createGatewayBackend } from "../gateway/mailboxes/backend.js";
import { createJunk } from "../gateway/mailboxes/junk.js";
import { createMailCopies } from "../gateway/mailboxes/mail-copies.js";
import { mailExpiry } from "../gateway/mailboxes/mail-expiry.js";
import { createFolders, type Folders } from "../gateway/mailboxes/mailboxes.js";
import { createManagedFolders } from "../gateway/mailboxes/managed-folders.js";
import { createDrafting } from "../gateway/outgoing/drafting.js";
import { priceText } from "../gateway/outgoing/price.js";
import { createSubmission } from "../gateway/outgoing/submission.js";
import { createReports, type Reports } from "../gateway/reports/reports.js";
import { createStates, type States } from "../gateway/reports/states.js";
import { retentionChores } from "../gateway/retention.js";
import type { GatewaySettings } from "../gateway/settings.js";
import { createUpkeep } from "../gateway/upkeep.js";
import type { Logger } from "../logger.js";
import type { CardDavBackend } from "../mail/carddav/backend.js";
import type { Backend } from "../mail/imap/backend.js";
import type { SubmissionHandler } from "../mail/smtp/handler.js";
import type { Stores } from "../store/stores.js";
import { systemClock } from "../store/stores.js";
import { tellReceived } from "./api/tell-received.js";
import type { Config } from "./config/config.js";
import { createExchange, readOrdinaryAddresses } from "./exchange.js";
import { createKeyGate, type KeyGate } from "./key-gate.js";
import { followPeople, keepLayout } from "./layout.js";
import { createLoginSource } from "./login-source.js";
import { createSpeedometer } from "./speed.js";
import { createTimer } from "./timer.js";

export interface ServicesOptions {
  readonly config: Config;
  readonly stores: Stores;
  readonly solver: Solver;
  readonly publisher: Publisher;
  /** Of administration by mail. */
  readonly commands: CommandLanguage;
  /** Told after the commit of each change of the outbox. */
  readonly onSent?: (entry: OutboxEntry, previous: OutboxEntry | null) => void;
  /** Told after the commit of each message that has been delivered. */
  readonly onReceived?: (message: ReceivedMessage) => void;
  readonly logger: Logger;
}

export interface Services {
  readonly messaging: Messaging;
  readonly addresses: AddressBook;
  readonly folders: Folders;
  readonly users: Users;
  readonly logins: Logins;
  readonly appPasswords: AppPasswords;
  readonly loginSessions: LoginSessions;
  readonly keyGate: KeyGate;
  readonly submission: SubmissionHandler;
  readonly handovers: HandoverQueue;
  readonly mailingLists: MailingLists;
  readonly importer: Importer;
  readonly backend: Backend;
  readonly cardBackend: CardDavBackend;
  /** Trials per second of this machine; 0 when that is not known. */
  readonly speed: () => number;
  start(): void;
  /** What waits after errors of storage is tried again now. */
  resume(): void;
  /** Resolves when nothing is being sent, received or reported. */
  stop(): Promise<void>;
}

export function networkMinimum(config: Config): Difficulty {
  const { min_trials_per_byte, min_extra_bytes } = config.network;
  return { trialsPerByte: BigInt(min_trials_per_byte), extraBytes: BigInt(min_extra_bytes) };
}

const STREAMS = [1] as const;

export function createServices(options: ServicesOptions): Services {
  const { config, stores, solver, publisher, commands, logger } = options;
  const settings = gatewaySettings(config);
  const log = logger.child({ room: "gateway" });
  const timer = createTimer((error) => logger.error("a task failed", { error }));
  const shared = { ...stores, settings, clock: systemClock, timer, log };

  const ordinaryAddresses = readOrdinaryAddresses(config, stores);
  const addresses = createAddressBook({
    ...stores,
    domain: settings.domain,
    streams: STREAMS,
    ordinaryAddresses,
    relay: config.smtp.relay === "" ? "off" : "on",
  });
  const folders = createFolders({ ...stores, layout: config.imap.layout });
  const copies = createMailCopies({ ...stores, folders });
  const exchange = createExchange({ config, stores, folders, copies, ordinaryAddresses, timer, logger });
  const { handOn, relay } = exchange;
  const mailingLists = createMailingLists({ ...shared, outbox: () => messaging.outbox });
  const correspondents = createCorrespondents(shared);
  const speed = createSpeedometer(stores.properties, solver);
  const priceOf = (id: OutboxId) => {
    const price = messaging.outbox.price(id);
    return price === null ? null : priceText(price.trials, speed());
  };
  const reports: Reports = createReports({ ...shared, addresses, copies, folders, priceOf, handOn });
  const states: States = createStates({ ...shared, copies, reportsDue: () => reports.wake() });
  const policy: SendPolicy = {
    ttl: config.send.ttl,
    maximumWork: config.send.max_work,
    giveUpAfter: config.send.give_up_after,
    digest: "sha256",
  };
  const trialPool = createTrialPool({
    threads: availableParallelism(),
    logger: logger.child({ room: "messaging" }),
  });
  const messaging: Messaging = createMessaging({
    stores,
    solver,
    trialPool,
    publisher,
    sink: tellReceived(
      createDelivery({ ...shared, addresses, folders, correspondents, handOn, mailingLists }),
      { ...stores, tell: (message) => options.onReceived?.(message) },
    ),
    observer(entry: OutboxEntry, previous: OutboxEntry | null) {
      states.observe(entry, previous);
      stores.transactions.afterCommit(() => options.onSent?.(entry, previous));
    },
    policy,
    minimum: networkMinimum(config),
    streams: STREAMS,
    clock: systemClock,
    timer,
    random: (length) => new Uint8Array(randomBytes(length)),
    logger: logger.child({ room: "messaging" }),
  });
  followPeople({ ...stores, folders, people: [messaging.identities, messaging.subscriptions], log });
  const keyGate = createKeyGate({
    ...stores,
    messaging,
    trialPool,
    logger: logger.child({ room: "keys" }),
  });
  const sessions = new LoginSessions();
  const hashing = new PasswordHashing();
  const appPasswords = createAppPasswords({ ...shared, sessions });
  const logins = createLogins({
    ...shared,
    appPasswords,
    hashing,
    sourceOf: createLoginSource(),
    guard: { maximumFailures: config.login.max_failures, lockout: config.login.lockout * 1000 },
  });
  const users = createUsers({
    ...shared,
    folders,
    hashing,
    sessions,
    identities: messaging.identities,
    subscriptions: messaging.subscriptions,
  });
  const managedFolders = createManagedFolders({
    mailboxes: stores.mailboxes,
    folders,
    identities: messaging.identities,
    subscriptions: messaging.subscriptions,
  });
  const upkeep = createUpkeep({
    ...shared,
    chores: [...retentionChores(stores), mailExpiry({ ...stores, folders, days: config.mail.expire_days })],
  });
  const newId = () => randomBytes(9).toString("hex");
  return {
    messaging,
    addresses,
    folders,
    users,
    logins,
    appPasswords,
    loginSessions: sessions,
    keyGate,
    speed,
    handovers: exchange.queue,
    mailingLists,
    submission: createSubmission({
      ...shared,
      logins,
      sessions,
      addresses,
      outbox: messaging.outbox,
      automaticMail: createAutomaticMailRules(shared),
      administration: createAdministration({ ...shared, commands, copies, folders, domain: settings.domain }),
      drafting: createDrafting({
        ...shared,
        correspondents,
        outbox: messaging.outbox,
        policy,
        trialsPerSecond: speed,
      }),
      copies,
      relay,
      newId,
    }),
    importer: createImporter({ ...shared, addresses, copies, folders, outbox: messaging.outbox, newId }),
    cardBackend: createCardBackend({
      ...shared,
      logins,
      addresses,
      identities: messaging.identities,
      subscriptions: messaging.subscriptions,
      domain: settings.domain,
    }),
    backend: createGatewayBackend({
      junk: createJunk({ ...stores, folders }),
      ...shared,
      logins,
      sessions,
      folders,
      managedFolders,
      outbox: messaging.outbox,
      handoverQueue: exchange.queue,
      hasLogin: (user) => stores.users.get(user) !== null,
      identityChanges: (listener) => messaging.identities.onChange(listener),
    }),
    start() {
      keepLayout({ ...stores, folders });
      states.start();
      reports.start();
      keyGate.start();
      upkeep.start();
      exchange.queue.start();
    },
    resume() {
      messaging.resume();
      reports.wake();
    },
    async stop() {
      logins.stop();
      await upkeep.stop();
      states.stop();
      await exchange.queue.stop();
      const quiet = messaging.stop();
      // What its threads are at is not waited for.
      await trialPool.close();
      await quiet;
      await reports.stop();
    },
  };
}

function gatewaySettings(config: Config): GatewaySettings {
  return {
    domain: config.mail.domain,
    threadHeaders: config.send.thread_headers ? "on" : "off",
    attachments: config.send.attachments,
    delayWarning: config.send.delay_warning,
    deliveredReports: config.send.delivered_reports ? "always" : "requested",
    autoReplyLimit: config.send.auto_reply_limit,
  };
}
