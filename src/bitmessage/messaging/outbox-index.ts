import { type Address, addressSecrets, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { isActive, type PubkeyRequestFact } from "./next-action.js";
import type { OutboxEntry, OutboxId } from "./types.js";

/** What is remembered of an active entry: not its content. */
type Ticket = Pick<OutboxEntry, "id" | "kind" | "from" | "to" | "state" | "nextAction" | "pubkeyRequests"> & {
  readonly ackKey: string | null;
};

/** The active entries in memory, by what events ask for: acknowledgement data, address, tag. Always follows a commit. */
export class OutboxIndex {
  readonly #tickets = new Map<OutboxId, Ticket>();
  readonly #byAck = new Map<string, OutboxId>();
  /** How many awaited acknowledgements have that length: most objects are told apart by it. */
  readonly #ackLengths = new Map<number, number>();
  readonly #byRecipient = new Map<Address, Set<OutboxId>>();
  readonly #recipientByTag = new Map<string, DecodedAddress>();

  /** Takes the newest state of an entry in; one that is not active is forgotten. */
  track(entry: OutboxEntry): void {
    this.forget(entry.id);
    if (!isActive(entry)) return;
    const { id, kind, from, to, state, nextAction, pubkeyRequests, ackData } = entry;
    const ackKey = ackData && toHex(ackData);
    this.#tickets.set(id, { id, kind, from, to, state, nextAction, pubkeyRequests, ackKey });
    if (ackKey !== null) {
      this.#byAck.set(ackKey, id);
      this.#countAck(ackKey, 1);
    }
    if (kind === "msg") this.#addRecipient(to, id);
  }

  forget(id: OutboxId): void {
    const ticket = this.#tickets.get(id);
    if (!ticket) return;
    this.#tickets.delete(id);
    if (ticket.ackKey !== null) {
      this.#byAck.delete(ticket.ackKey);
      this.#countAck(ticket.ackKey, -1);
    }
    const siblings = this.#byRecipient.get(ticket.to);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#removeRecipient(ticket.to);
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
    return [...(this.#byRecipient.get(address) ?? [])];
  }

  /** The recipient of a message whose address has that tag. */
  recipientByTag(tag: Uint8Array): DecodedAddress | null {
    return this.#recipientByTag.get(toHex(tag)) ?? null;
  }

  /** Whether a request for that key is out that may still be answered; all that wait for one key share it. */
  pubkeyRequest(address: Address, now: number): PubkeyRequestFact {
    let until = now;
    for (const { state, nextAction } of this.#ticketsTo(address)) {
      if (state === "awaiting-pubkey" && nextAction !== null) until = Math.max(until, nextAction);
    }
    return until > now ? { request: "out", until } : { request: "none" };
  }

  pubkeyRequests(address: Address): number {
    let most = 0;
    for (const { pubkeyRequests } of this.#ticketsTo(address)) most = Math.max(most, pubkeyRequests);
    return most;
  }

  *#ticketsTo(address: Address): Generator<Ticket> {
    for (const id of this.#byRecipient.get(address) ?? []) {
      const ticket = this.#tickets.get(id);
      if (ticket) yield ticket;
    }
  }

  #addRecipient(address: Address, id: OutboxId): void {
    const siblings = this.#byRecipient.get(address);
    if (siblings) {
      siblings.add(id);
      return;
    }
    this.#byRecipient.set(address, new Set([id]));
    const decoded = decodeAddress(address);
    const { tag } = addressSecrets(decoded);
    if (tag) this.#recipientByTag.set(toHex(tag), decoded);
  }

  #removeRecipient(address: Address): void {
    this.#byRecipient.delete(address);
    const { tag } = addressSecrets(decodeAddress(address));
    if (tag) this.#recipientByTag.delete(toHex(tag));
  }

  #countAck(ackKey: string, change: 1 | -1): void {
    const length = ackKey.length / 2;
    const count = (this.#ackLengths.get(length) ?? 0) + change;
    if (count === 0) this.#ackLengths.delete(length);
    else this.#ackLengths.set(length, count);
  }
}
