/** Writes down each minute what the node does, so that the page can draw the last hours and days. */
import type { BitmessageNode } from "../../bitmessage/node/node.js";
import type { Solver } from "../../bitmessage/pow/solver.js";
import type { Logger } from "../../logger.js";
import { type SampleStore, systemClock } from "../../store/stores.js";

/** What the sampler looks at: counters since the start. */
export interface Meter {
  readonly peers: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly objectsReceived: number;
  readonly objectsSent: number;
  readonly working: boolean;
}

export interface SamplerOptions {
  readonly samples: SampleStore;
  readonly read: () => Meter;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Calls the task every so many seconds; returns how to end that. */
  readonly repeat: (seconds: number, task: () => void) => () => void;
}

const LOOK_SECONDS = 5;
const KEPT_SECONDS = 8 * 86_400;

/** The sampler of a running node. A minute that cannot be written is left out. */
export function createSampler(sources: {
  readonly samples: SampleStore;
  readonly node: Pick<BitmessageNode, "statistics">;
  readonly solver: Pick<Solver, "status">;
  readonly logger: Logger;
}): Sampler {
  const { samples, node, solver, logger } = sources;
  return new Sampler({
    samples,
    read() {
      const { inbound, outbound, ...counters } = node.statistics();
      return { ...counters, peers: inbound + outbound, working: solver.status().working };
    },
    clock: systemClock,
    repeat(seconds, task) {
      const timer = setInterval(() => {
        try {
          task();
        } catch (error) {
          logger.warn("a sample was not written", { error });
        }
      }, seconds * 1000);
      return () => clearInterval(timer);
    },
  });
}

/** Looks every few seconds and writes each minute. */
export class Sampler {
  #stop: (() => void) | null = null;
  #minute = 0;
  #before: Meter | null = null;
  #looks = 0;
  #working = 0;

  constructor(private readonly options: SamplerOptions) {}

  start(): void {
    const { read, clock, repeat } = this.options;
    this.#minute = minuteOf(clock());
    this.#before = read();
    this.#stop = repeat(LOOK_SECONDS, () => this.#look());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  #look(): void {
    const now = this.options.read();
    this.#looks += 1;
    if (now.working) this.#working += 1;
    const minute = minuteOf(this.options.clock());
    if (minute === this.#minute || this.#before === null) return;
    this.#write(this.#minute, this.#before, now);
    [this.#minute, this.#before, this.#looks, this.#working] = [minute, now, 0, 0];
  }

  #write(time: number, before: Meter, now: Meter): void {
    const { samples } = this.options;
    // Counters of connections that have ended may be told a little later.
    const grown = (name: "bytesReceived" | "bytesSent" | "objectsReceived" | "objectsSent") =>
      Math.max(0, now[name] - before[name]);
    samples.add({
      time,
      peers: now.peers,
      bytesReceived: grown("bytesReceived"),
      bytesSent: grown("bytesSent"),
      objectsReceived: grown("objectsReceived"),
      objectsSent: grown("objectsSent"),
      working: this.#working / Math.max(1, this.#looks),
    });
    samples.removeBefore(time - KEPT_SECONDS);
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / 60) * 60;
}
