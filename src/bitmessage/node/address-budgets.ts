import { isPrivateHost, networkGroup } from "../protocol/host.js";

/** Entries of addr packets taken from a network at once, and per second after that: enough for the exchange at the beginning. */
const BURST = 1000;
const PER_SECOND = 0.1;
const MAX_RECORDS = 5000;

interface Record {
  readonly left: number;
  readonly at: number;
}

/**
 * How many addr entries are taken from whom: nobody fills our list of nodes alone (PROTOCOL.md section 20), however often they hang up and
 * come again, with whichever address of their network.
 */
export class AddressBudgets {
  readonly #records = new Map<string, Record>();

  /** How many of so many entries to take from that host now. @param now seconds on the monotonic clock */
  take(host: string, wanted: number, now: number): number {
    const key = isPrivateHost(host) ? host : networkGroup(host);
    const { left, at } = this.#records.get(key) ?? { left: BURST, at: now };
    const budget = Math.min(BURST, left + (now - at) * PER_SECOND);
    const granted = Math.min(wanted, Math.floor(budget));
    // Put at the end again, so that the oldest ones make room.
    this.#records.delete(key);
    this.#records.set(key, { left: budget - granted, at: now });
    if (this.#records.size > MAX_RECORDS) this.#records.delete(this.#records.keys().next().value!);
    return granted;
  }
}
