import { type Address, addressSecrets, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { isActive, type PubkeyRequestFact } from "./next-action.js";
import type { OutboxEntryState, OutboxId } from "./types.js";

/** What is remembered of an active entry: not its content. */
type Ticket = Pick<
  OutboxEntryState,
  "id" | "kind" | "from" | "to" | "state" | "nextAction" | "pubkeyRequests"
> & {
  readonly ackKey: string | null;
};

/** Numbers that many have, and the largest of them. What is counted here comes from the few requests for one key, so few are different. */
class Tally {
  readonly #counts = new Map<number, number>();

  count(value: number, change: 1 | -1): void {
    const count = (this.#counts.get(value) ?? 0) + change;
    if (count === 0) this.#counts.delete(value);
    else this.#counts.set(value, count);
  }

  /** At least `least`. */
  largest(least: number): number {
    let largest = least;
    for (const value of this.#counts.keys()) largest = Math.max(largest, value);
    return largest;
  }
}

/** What is under way to one address. */
interface Correspondence {
  readonly ids: Set<OutboxId>;
  /** Until when those that wait for the key do so. */
  readonly answers: Tally;
  readonly pubkeyRequests: Tally;
}

/** The active entries in memory, by what events ask for: acknowledgement data, address, tag. Always follows a commit. */
export class OutboxIndex {
  readonly #tickets = new Map<OutboxId, Ticket>();
  readonly #byAck = new Map<string, OutboxId>();
  /** How many awaited acknowledgements have that length: most objects are told apart by it. */
  readonly #ackLengths = new Map<number, number>();
  readonly #byRecipient = new Map<Address, Correspondence>();
  readonly #recipientByTag = new Map<string, DecodedAddress>();

  /** Takes the newest state of an entry in; one that is not active is forgotten. */
  track(entry: OutboxEntryState): void {
    this.forget(entry.id);
    if (!isActive(entry)) return;
    const { id, kind, from, to, state, nextAction, pubkeyRequests, ackData } = entry;
    const ackKey = ackData && toHex(ackData);
    const ticket = { id, kind, from, to, state, nextAction, pubkeyRequests, ackKey };
    this.#tickets.set(id, ticket);
    if (ackKey !== null) {
      this.#byAck.set(ackKey, id);
      this.#countAck(ackKey, 1);
    }
    if (kind === "msg") this.#addToRecipient(ticket);
  }

  forget(id: OutboxId): void {
    const ticket = this.#tickets.get(id);
    if (!ticket) return;
    this.#tickets.delete(id);
    if (ticket.ackKey !== null) {
      this.#byAck.delete(ticket.ackKey);
      this.#countAck(ticket.ackKey, -1);
    }
    if (ticket.kind === "msg") this.#removeFromRecipient(ticket);
  }

  ids(): readonly OutboxId[] {
    return [...this.#tickets.keys()];
  }

  has(id: OutboxId): boolean {
    return this.#tickets.has(id);
  }

  /** @param ackData bytes 16 and on of any object */
  findByAck(ackData: Uint8Array): OutboxId | null {
    if (!this.#ackLengths.has(ackData.length)) return null;
    return this.#byAck.get(toHex(ackData)) ?? null;
  }

  to(address: Address): readonly OutboxId[] {
    return [...(this.#byRecipient.get(address)?.ids ?? [])];
  }

  /** The recipient of a message whose address has that tag. */
  recipientByTag(tag: Uint8Array): DecodedAddress | null {
    return this.#recipientByTag.get(toHex(tag)) ?? null;
  }

  /** Whether a request for that key is out that may still be answered; all that wait for one key share it. */
  pubkeyRequest(address: Address, now: number): Exclude<PubkeyRequestFact, { request: "working" }> {
    const until = this.#byRecipient.get(address)?.answers.largest(now) ?? now;
    return until > now ? { request: "out", until } : { request: "none" };
  }

  pubkeyRequests(address: Address): number {
    return this.#byRecipient.get(address)?.pubkeyRequests.largest(0) ?? 0;
  }

  #addToRecipient(ticket: Ticket): void {
    const { to, id } = ticket;
    const known = this.#byRecipient.get(to);
    const correspondence = known ?? { ids: new Set(), answers: new Tally(), pubkeyRequests: new Tally() };
    correspondence.ids.add(id);
    tally(correspondence, ticket, 1);
    if (known) return;
    this.#byRecipient.set(to, correspondence);
    const decoded = decodeAddress(to);
    const { tag } = addressSecrets(decoded);
    if (tag) this.#recipientByTag.set(toHex(tag), decoded);
  }

  #removeFromRecipient(ticket: Ticket): void {
    const { to, id } = ticket;
    const correspondence = this.#byRecipient.get(to);
    if (!correspondence) return;
    correspondence.ids.delete(id);
    tally(correspondence, ticket, -1);
    if (correspondence.ids.size > 0) return;
    this.#byRecipient.delete(to);
    const { tag } = addressSecrets(decodeAddress(to));
    if (tag) this.#recipientByTag.delete(toHex(tag));
  }

  #countAck(ackKey: string, change: 1 | -1): void {
    const length = ackKey.length / 2;
    const count = (this.#ackLengths.get(length) ?? 0) + change;
    if (count === 0) this.#ackLengths.delete(length);
    else this.#ackLengths.set(length, count);
  }
}

function tally(
  { answers, pubkeyRequests }: Correspondence,
  { state, nextAction, ...ticket }: Ticket,
  change: 1 | -1,
): void {
  pubkeyRequests.count(ticket.pubkeyRequests, change);
  if (state === "awaiting-pubkey" && nextAction !== null) answers.count(nextAction, change);
}
