/** The whole room, wired: what the application starts, stops and talks to. */
import type { Logger } from "../../logger.js";
import type { Solver } from "../pow/solver.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import { createIdentities, type Identities } from "./identities.js";
import { createInbox, type Inbox } from "./inbox.js";
import { createOutbox, type Outbox } from "./outbox.js";
import type {
  Clock,
  MessageSink,
  MessagingStores,
  OutboxObserver,
  Publisher,
  SendPolicy,
  Timer,
} from "./ports.js";
import { createPubkeyPublisher, type PubkeyPublisher } from "./pubkey-publisher.js";
import { createSubscriptions, type Subscriptions } from "./subscriptions.js";
import type { TrialPool } from "./trial-pool.js";

export interface MessagingOptions {
  readonly stores: MessagingStores;
  readonly solver: Solver;
  readonly publisher: Publisher;
  readonly sink: MessageSink;
  readonly observer: OutboxObserver;
  readonly policy: SendPolicy;
  readonly minimum: Difficulty;
  /** Those that the node serves; [1] unless told. */
  readonly streams?: readonly number[];
  /** Threads that try keys; closing them is the caller's business. */
  readonly trialPool?: TrialPool;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

export interface Messaging {
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly identities: Identities;
  readonly subscriptions: Subscriptions;
  readonly pubkeyPublisher: PubkeyPublisher;
  start(): void;
  /** What waits after unexpected errors, such as those of a full disk, is tried again now. */
  resume(): void;
  /** Resolves when nothing that needs private keys is under way, and they are forgotten; `start` goes on. */
  pause(): Promise<void>;
  /** Resolves when it is quiet. The solver is not closed. */
  stop(): Promise<void>;
}

export function createMessaging(options: MessagingOptions): Messaging {
  const pubkeyPublisher = createPubkeyPublisher(options);
  const outbox = createOutbox(options);
  const inbox = createInbox({ ...options, outbox, pubkeyPublisher });
  const identities = createIdentities({ ...options, pubkeyPublisher });
  const subscriptions = createSubscriptions(options);
  identities.onChange(() => {
    for (const part of [inbox, outbox, pubkeyPublisher]) part.identitiesChanged();
  });
  subscriptions.onChange(() => inbox.subscriptionsChanged());
  return {
    outbox,
    inbox,
    identities,
    subscriptions,
    pubkeyPublisher,
    start() {
      pubkeyPublisher.start();
      outbox.start();
      inbox.start();
    },
    resume() {
      inbox.resume();
      for (const part of [outbox, pubkeyPublisher]) part.identitiesChanged();
    },
    async pause() {
      await inbox.stop();
      await Promise.all([outbox.stop(), pubkeyPublisher.stop()]);
      inbox.identitiesChanged();
    },
    async stop() {
      identities.stop();
      await inbox.stop();
      await Promise.all([outbox.stop(), pubkeyPublisher.stop()]);
    },
  };
}
