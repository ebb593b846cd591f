import type { Logger } from "../../logger.js";
import { buildOnionpeer } from "../protocol/onionpeer.js";
import type { Endpoint } from "./known-nodes.js";
import type { Scheduler } from "./scheduler.js";

/** Who keeps objects of our own and does their work. */
export interface OnionAnnouncer {
  /** Whether an unexpired object like this one, which is without its nonce, is in the inventory. */
  isPublished(object: Uint8Array): boolean;
  /**
   * Does the work and publishes; rejects when the signal ends it.
   * @param build the object without its nonce
   * @param ttl seconds
   */
  publish(build: (expires: number) => Uint8Array, ttl: number, signal: AbortSignal): Promise<void>;
}

/** Seconds (PROTOCOL.md section 13.6). */
const LIFE_TIME = 604_800;
const STREAM = 1;

/** Keeps an onionpeer object in the network that tells where our onion service is. */
export class OnionPublisher {
  readonly #options;
  readonly #end = new AbortController();
  #working = false;

  constructor(options: {
    readonly onion: Endpoint;
    readonly announcer: OnionAnnouncer;
    readonly scheduler: Scheduler;
    /** Seconds between two looks whether it is still there. */
    readonly interval: number;
    readonly logger: Logger;
  }) {
    this.#options = options;
  }

  start(): void {
    void this.#renew();
    this.#options.scheduler.every(this.#options.interval, () => void this.#renew());
  }

  /** Ends the work that is going on. */
  stop(): void {
    this.#end.abort();
  }

  async #renew(): Promise<void> {
    const { onion, announcer, logger } = this.#options;
    const build = (expires: number) => buildOnionpeer({ ...onion, stream: STREAM, expires });
    if (this.#working || announcer.isPublished(build(0))) return;
    this.#working = true;
    try {
      await announcer.publish(build, LIFE_TIME, this.#end.signal);
      logger.info("the onion service has been published", { host: onion.host, port: onion.port });
    } catch (error) {
      // It is tried again at the next look.
      logger.debug("the onion service was not published", { error: String(error) });
    } finally {
      this.#working = false;
    }
  }
}
