import type { Logger } from "../../logger.js";

/** Hosts whose word is kept, the latest of each. */
const MOST_HOSTS = 32;
/** Hosts that have to agree: one clock alone proves nothing, and whoever runs a few peers shall not set ours. */
const FEWEST_HOSTS = 3;
/** Seconds; peers refuse each other from an hour on (PROTOCOL.md section 5.3 number 2). */
const NOTABLE = 300;

/** Whether the clock of this machine is wrong, as told by the versions of peers that we have called ourselves. */
export class ClockWatch {
  readonly #offsets = new Map<string, number>();
  #isTold = false;

  constructor(private readonly logger: Logger) {}

  /** @param offset seconds by which the host's clock is ahead of ours */
  note(host: string, offset: number): void {
    this.#offsets.delete(host);
    this.#offsets.set(host, offset);
    const [oldest] = this.#offsets.keys();
    if (this.#offsets.size > MOST_HOSTS && oldest !== undefined) this.#offsets.delete(oldest);
    const ahead = this.offset();
    if (ahead === null || Math.abs(ahead) < NOTABLE) {
      this.#isTold = false;
      return;
    }
    if (this.#isTold) return;
    this.#isTold = true;
    const direction = ahead > 0 ? "behind" : "ahead of";
    this.logger.warn(`this machine's clock seems to be wrong: it is ${direction} those of its peers`, {
      seconds: Math.abs(ahead),
      peers: this.#offsets.size,
    });
  }

  /** Seconds by which most peers' clocks are ahead of ours (the median); null while too few have told. */
  offset(): number | null {
    if (this.#offsets.size < FEWEST_HOSTS) return null;
    const sorted = [...this.#offsets.values()].sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
  }
}
