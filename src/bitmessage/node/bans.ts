import { customerOf, isPrivateHost, networkGroup } from "../protocol/host.js";

/** Faults that a host may have to its name; with more it is left alone until they have faded. */
const HOST_LIMIT = 2;
/** The same for all hosts of a network together. */
const GROUP_LIMIT = 20;
/** Seconds in which faults lose half of their weight. */
const HALF_LIFE = 3600;
const MAX_RECORDS = 20_000;

interface Record {
  readonly score: number;
  readonly at: number;
}

/**
 * Who has broken the protocol lately, by host (of IPv6: by the network of one customer) and by network. Faults fade, so nobody is shut out for
 * ever: addresses change hands. Whoever has an address of a network could have all of it shut out; so it is only not let in.
 * Local networks are never judged as a whole, nor is this machine: onion services and proxies bring everybody in from there.
 */
export class Bans {
  readonly #records = new Map<string, Record>();

  /** @param now seconds on the monotonic clock */
  note(host: string, now: number): void {
    if (isThisMachine(host)) return;
    for (const { key } of limits(host)) {
      const score = this.#score(key, now) + 1;
      // Put at the end again, so that the oldest ones make room.
      this.#records.delete(key);
      this.#records.set(key, { score, at: now });
    }
    while (this.#records.size > MAX_RECORDS) this.#records.delete(this.#records.keys().next().value!);
  }

  /** Whether the host itself has, so that it is not called either. */
  has(host: string, now: number): boolean {
    return this.#score(customerOf(host), now) > HOST_LIMIT;
  }

  /** Whether the host or its network has, so that it is not let in. */
  excludes(host: string, now: number): boolean {
    return limits(host).some(({ key, limit }) => this.#score(key, now) > limit);
  }

  #score(key: string, now: number): number {
    const record = this.#records.get(key);
    return record === undefined ? 0 : record.score * 0.5 ** ((now - record.at) / HALF_LIFE);
  }
}

function isThisMachine(host: string): boolean {
  return host === "127.0.0.1" || host === "::1";
}

function limits(host: string): { key: string; limit: number }[] {
  const byHost = { key: customerOf(host), limit: HOST_LIMIT };
  if (isPrivateHost(host)) return [byHost];
  return [byHost, { key: `network ${networkGroup(host)}`, limit: GROUP_LIMIT }];
}
