/** Exchange with other mail systems as configured: the smarthost, delivery targets, ordinary addresses, the queue for all of them. */
import { randomBytes } from "node:crypto";
import type { Timer } from "../bitmessage/messaging/ports.js";
import { type Address, decodeAddress } from "../bitmessage/protocol/address.js";
import { ProtocolError } from "../bitmessage/protocol/errors.js";
import { isBridgeAddress } from "../gateway/addresses.js";
import { RELAY } from "../gateway/handover/ports.js";
import { createHandoverQueue, type HandoverQueue } from "../gateway/handover/queue.js";
import {
  createHandOn,
  type DeliveryRule,
  type HandOn,
  receivedReport,
} from "../gateway/handover/received.js";
import { createRelay, type Relay } from "../gateway/handover/relay.js";
import { createHandoverReports } from "../gateway/handover/reports.js";
import type { Target } from "../gateway/handover/worker.js";
import type { MailCopies } from "../gateway/mailboxes/mail-copies.js";
import { type Folders, INBOX } from "../gateway/mailboxes/mailboxes.js";
import { createOrdinaryAddresses, type OrdinaryAddresses } from "../gateway/ordinary-addresses.js";
import type { Logger } from "../logger.js";
import { digestMessage } from "../mail/imap/make-digest.js";
import { type Stores, systemClock } from "../store/stores.js";
import { type Config, ConfigError } from "./config/config.js";
import { createTransport, relayTransport } from "./transports.js";

export interface Exchange {
  readonly queue: HandoverQueue;
  readonly handOn: HandOn;
  readonly relay: Relay;
}

export interface ExchangeOptions {
  readonly config: Config;
  readonly stores: Stores;
  readonly folders: Folders;
  readonly copies: MailCopies;
  readonly ordinaryAddresses: OrdinaryAddresses;
  readonly timer: Timer;
  readonly logger: Logger;
}

const LONGEST_WAIT = 3600;

export function readOrdinaryAddresses(config: Config, stores: Pick<Stores, "identities">): OrdinaryAddresses {
  const table = config.mail.addresses.map((entry) => {
    const [owner = "", address = ""] = entry.split("=");
    return { owner, address };
  });
  return createOrdinaryAddresses(table, stores.identities);
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { config, stores, copies, ordinaryAddresses, timer, logger } = options;
  const { domain } = config.mail;
  const { retry_after, delay_warning, give_up_after } = config.handover;
  const targets: Target[] = config.delivery.map((target) => ({
    name: target.name,
    transport: createTransport(target, { name: domain }),
  }));
  const smarthost = relayTransport(config.smtp, { name: domain });
  if (smarthost !== null) targets.push({ name: RELAY, transport: smarthost });
  const reports = createHandoverReports({
    domain,
    giveUpAfter: give_up_after,
    readSent: (user, messageId) => copies.read(user, messageId),
    append: (handover, bytes, time) => appendReport(options, { handOn, handover, bytes, time }),
    clock: systemClock,
  });
  const queue: HandoverQueue = createHandoverQueue({
    handovers: stores.handovers,
    transactions: stores.transactions,
    targets,
    reports,
    policy: {
      firstWait: retry_after,
      longestWait: Math.max(LONGEST_WAIT, retry_after),
      delayWarning: delay_warning,
      giveUpAfter: give_up_after,
    },
    observer: (handover) => {
      if (handover.target === RELAY) copies.refresh(handover.user, handover.messageId, handover);
    },
    clock: systemClock,
    timer,
    random: Math.random,
    newId: () => randomBytes(9).toString("hex"),
    log: logger.child({ room: "handover" }),
  });
  const handOn = createHandOn({ queue, rules: rulesOf(config), ordinaryAddresses });
  const isOurs = (mailAddress: string) => isBridgeAddress(mailAddress, domain);
  return { queue, handOn, relay: createRelay({ queue, ordinaryAddresses, domain, isOurs }) };
}

function rulesOf(config: Config): DeliveryRule[] {
  return config.delivery.map((target) => ({
    target: target.name,
    users: target.users ?? null,
    addresses: target.addresses?.map((address) => checkedAddress(target.name, address)) ?? null,
    kinds: target.kinds,
    recipient: "recipient" in target ? (target.recipient ?? null) : null,
  }));
}

function checkedAddress(target: string, text: string): Address {
  try {
    return decodeAddress(text).address;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ConfigError(`delivery "${target}".addresses`, `${text} is no Bitmessage address`);
  }
}

interface ReportToAppend {
  readonly handOn: HandOn;
  readonly handover: Parameters<Parameters<typeof createHandoverReports>[0]["append"]>[0];
  readonly bytes: Uint8Array;
  readonly time: number;
}

/** A report about a delivery target goes to no target: it would fail as well, and be reported again. */
function appendReport({ stores, folders }: ExchangeOptions, report: ReportToAppend): void {
  const { handOn, handover, bytes, time } = report;
  const { user, messageId } = handover;
  const from = stores.submissions.listByMessageId(user, messageId)[0]?.from ?? null;
  const identity = handover.target === RELAY ? from : null;
  const inbox = identity === null ? folders.ensure(user, INBOX) : folders.ensureInbox(user, identity);
  const mail = { bytes, flags: [], internalDate: { seconds: time, zone: 0 }, digest: digestMessage(bytes) };
  stores.mailboxes.append(inbox, [mail], identity);
  if (handover.target !== RELAY) return;
  handOn(receivedReport(user, from, bytes));
}
