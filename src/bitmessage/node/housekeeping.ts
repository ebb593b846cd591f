import type { Logger } from "../../logger.js";
import { Services } from "../protocol/messages/version.js";
import { BOOTSTRAP_AGE, BUILT_IN, ENTRANCES, resolveEntrances } from "./bootstrap.js";
import type { Evidence } from "./evidence.js";
import type { Endpoint, KnownNodes } from "./known-nodes.js";
import type { Inventory, Resolver } from "./ports.js";
import type { Scheduler } from "./scheduler.js";
import type { NodeTimings } from "./timings.js";

export interface HousekeepingOptions {
  readonly mayBootstrap: boolean;
  readonly maxOutbound: number;
  readonly inventory: Inventory;
  readonly knownNodes: KnownNodes;
  readonly resolver: Resolver;
  readonly timings: NodeTimings;
  readonly scheduler: Scheduler;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Whether any peer is connected that we have called ourselves, beyond the local network. */
  hasChosen(): boolean;
  readonly evidence: Pick<Evidence, "networkWorks" | "clockIsRight">;
  /** Whether anybody may be contacted yet: with a proxy not before it works. */
  mayConnect(): boolean;
  /** Dials an entrance by its name; null: names are looked up. */
  readonly dialName: ((endpoint: Endpoint) => void) | null;
}

/** Seconds after its expiry for which an object is kept (PROTOCOL.md section 8.1). */
const KEEP_EXPIRED = 10_800;

/** What a node does now and then: removing what has expired, writing known nodes down, looking for first nodes. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  /** Names are being looked up, which may take long; not again meanwhile. */
  #isResolving = false;
  /** Seconds on the monotonic clock. */
  #cleanAt = Number.NEGATIVE_INFINITY;
  #saveAt = Number.NEGATIVE_INFINITY;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    const { scheduler, timings } = this.#options;
    scheduler.every(timings.tidy, () => {
      this.#tidyKnownNodes();
      this.#cleanInventory();
    });
    scheduler.every(timings.bootstrap, () => void this.#bootstrap());
  }

  /** Looks for first nodes where none is known. */
  bootstrapAtFirst(): void {
    if (!this.#options.knownNodes.hasUsable()) void this.#bootstrap();
  }

  #tidyKnownNodes(): void {
    const { knownNodes, evidence, scheduler, timings } = this.#options;
    // It may be our own network that is down, and nobody would be seen however long it lasts.
    if (evidence.networkWorks && evidence.clockIsRight) knownNodes.forget();
    if (scheduler.now() < this.#saveAt) return;
    this.#saveAt = scheduler.now() + timings.saveKnownNodes;
    knownNodes.save();
  }

  #cleanInventory(): void {
    const { inventory, clock, scheduler, timings, evidence } = this.#options;
    if (scheduler.now() < this.#cleanAt || !evidence.clockIsRight) return;
    this.#cleanAt = scheduler.now() + timings.cleanInventory;
    inventory.deleteExpired(Math.floor(clock()) - KEEP_EXPIRED);
  }

  /** Looks for first nodes while nobody is connected whom we have called (PROTOCOL.md section 9.3). */
  async #bootstrap(): Promise<void> {
    const { mayBootstrap, maxOutbound, resolver, scheduler } = this.#options;
    const isPossible = mayBootstrap && maxOutbound > 0 && this.#options.mayConnect();
    if (!isPossible || this.#options.hasChosen()) return;
    const { dialName } = this.#options;
    if (dialName !== null) for (const name of ENTRANCES) dialName(name);
    // At once, whatever becomes of the names.
    this.#begin(BUILT_IN);
    if (dialName !== null || this.#isResolving) return;
    this.#isResolving = true;
    try {
      const nodes = await resolveEntrances(resolver);
      if (!scheduler.stopped) this.#begin(nodes);
    } finally {
      this.#isResolving = false;
    }
  }

  #begin(nodes: readonly Endpoint[]): void {
    const { knownNodes, clock, logger } = this.#options;
    for (const node of nodes) knownNodes.learn(node, Services.network, clock() - BOOTSTRAP_AGE);
    logger.info("looking for peers", { nodes: nodes.length });
  }
}
