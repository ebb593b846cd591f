/** Publishes the pubkeys of own identities: for new ones, and when they are asked for (PROTOCOL.md section 16.2). */
import type { Logger } from "../../logger.js";
import type { Solver } from "../pow/solver.js";
import type { Address } from "../protocol/address.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import { Agenda } from "./agenda.js";
import { Backoff } from "./backoff.js";
import { Jobs } from "./jobs.js";
import { LONGEST_TTL } from "./next-action.js";
import type { Clock, MessagingStores, Publisher, SendPolicy, Timer } from "./ports.js";
import { publishPubkey } from "./publish-pubkey.js";
import type { Identity } from "./types.js";

export interface PubkeyPublisherOptions {
  readonly stores: MessagingStores;
  readonly solver: Solver;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: RandomBytes;
  readonly policy: Pick<SendPolicy, "digest">;
  readonly minimum: Difficulty;
  readonly logger: Logger;
}

export interface PubkeyPublisher {
  /** Takes up what was asked for before the process ended. */
  start(): void;
  /** Resolves when it is quiet. */
  stop(): Promise<void>;
  /**
   * Publishes the pubkey of an identity, within the caller's transaction; the work starts after its commit and survives a crash. Nothing happens
   * for a chan, an identity that is disabled or unknown, or one whose pubkey was published in the last 28 days or is being worked on.
   */
  request(address: Address): void;
  /** Identities have been removed or disabled; after the commit. */
  identitiesChanged(): void;
}

export function createPubkeyPublisher(options: PubkeyPublisherOptions): PubkeyPublisher {
  return new PersistedPubkeyPublisher(options);
}

/** A time to come was written by a clock that was wrong, and would keep the key from everybody until then. */
export function wasPublished({ lastPubkeySent }: Pick<Identity, "lastPubkeySent">, now: number): boolean {
  return lastPubkeySent > 0 && lastPubkeySent <= now;
}

class PersistedPubkeyPublisher implements PubkeyPublisher {
  readonly #jobs = new Jobs<Address>();
  readonly #agenda: Agenda<Address>;
  readonly #backoff = new Backoff<Address>();

  constructor(private readonly options: PubkeyPublisherOptions) {
    const { clock, timer } = options;
    this.#agenda = new Agenda({ clock, timer, look: (address) => this.#look(address) });
  }

  start(): void {
    for (const identity of this.options.stores.identities.list()) {
      if (identity.pubkeyPending) this.#agenda.now(identity.address);
    }
    this.#agenda.start();
  }

  async stop(): Promise<void> {
    this.#agenda.stop();
    await this.#jobs.abortAll();
  }

  request(address: Address): void {
    const { stores, clock } = this.options;
    const [identity] = stores.identities.owners(address);
    if (!identity?.enabled || identity.chan) return;
    const now = clock();
    if (wasPublished(identity, now) && identity.lastPubkeySent > now - LONGEST_TTL) return;
    stores.transactions.run(() => {
      // The time is set before the work, so that a flood of requests starts one job only.
      stores.identities.save({ ...identity, lastPubkeySent: now, pubkeyPending: true });
      stores.transactions.afterCommit(() => this.#agenda.now(address));
    });
  }

  identitiesChanged(): void {
    for (const address of this.#jobs.keys()) {
      if (!this.#isPending(address)) this.#jobs.abort(address);
    }
    for (const identity of this.options.stores.identities.list()) {
      if (this.#isPending(identity.address)) this.#agenda.now(identity.address);
    }
  }

  #isPending(address: Address): boolean {
    const [identity] = this.options.stores.identities.owners(address);
    return identity?.enabled === true && identity.pubkeyPending;
  }

  #look(address: Address): void {
    this.#jobs.start(
      address,
      (signal) => this.#work(address, signal),
      () => undefined,
    );
  }

  async #work(address: Address, signal: AbortSignal): Promise<void> {
    const { stores, publisher, clock, logger } = this.options;
    try {
      const [identity] = stores.identities.owners(address);
      if (!identity || !this.#isPending(address)) return;
      const { object } = await publishPubkey({ identity, signal }, this.options);
      if (signal.aborted) return;
      stores.transactions.run(() => {
        const current = stores.identities.get(identity.user, address);
        if (!current) return;
        publisher.publish(object);
        stores.identities.save({ ...current, lastPubkeySent: clock(), pubkeyPending: false });
      });
      this.#backoff.succeeded(address);
    } catch (error) {
      if (signal.aborted) return;
      const seconds = this.#backoff.failed(address);
      logger.error("publishing a pubkey was interrupted and will be tried again", {
        address,
        seconds,
        error,
      });
      this.#agenda.at(address, clock() + seconds);
    }
  }
}
