import type { Logger } from "../../logger.js";
import type { Scheduler } from "./scheduler.js";

/** Opens a way from outside through the router of the local network. */
export interface PortMapper {
  /**
   * Resolves with the port by which others reach this one; keeps it open until `close`. Rejects when no router does that.
   * @param onLost called once if it cannot be kept open after all
   */
  open(port: number, onLost: () => void): Promise<number>;
  /** Takes back what was opened; never rejects. */
  close(): Promise<void>;
}

export interface PortMappingOptions {
  readonly mapper: PortMapper;
  readonly scheduler: Scheduler;
  /** Seconds after which a router that did not help is asked again. */
  readonly retry: number;
  readonly logger: Logger;
  /** The port by which others reach us. */
  onOpen(port: number): void;
}

/** Asks the router for a way in, again and again while there is none. */
export class PortMapping {
  readonly #options: PortMappingOptions;

  constructor(options: PortMappingOptions) {
    this.#options = options;
  }

  /** @param port where we listen */
  start(port: number): void {
    void this.#open(port);
  }

  stop(): Promise<void> {
    return this.#options.mapper.close();
  }

  async #open(port: number): Promise<void> {
    const { mapper, scheduler, retry, logger, onOpen } = this.#options;
    try {
      const outside = await mapper.open(port, () => this.#lost(port));
      if (scheduler.stopped) return;
      logger.info("the router lets other nodes in", { port: outside });
      onOpen(outside);
    } catch (error) {
      if (scheduler.stopped) return;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn("the router does not let other nodes in", { reason });
      scheduler.after(retry, () => void this.#open(port));
    }
  }

  #lost(port: number): void {
    const { scheduler, retry, logger, onOpen } = this.#options;
    if (scheduler.stopped) return;
    logger.warn("the router does not let other nodes in any more");
    onOpen(port);
    scheduler.after(retry, () => void this.#open(port));
  }
}
