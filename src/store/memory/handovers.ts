import type { Handover, HandoverId, HandoverStore } from "../../gateway/handover/ports.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

interface HandoverRow {
  readonly position: number;
  readonly handover: Handover;
  readonly bytes: Uint8Array | null;
}

export class MemoryHandoverStore implements HandoverStore {
  readonly #rows: Table<HandoverId, HandoverRow>;
  readonly #told: Table<string, { readonly user: string; readonly key: string }>;
  readonly #positions: Sequence;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
    this.#told = new Table(transactions);
    this.#positions = new Sequence(transactions);
  }

  add(handover: Handover, bytes: Uint8Array): void {
    if (this.#rows.has(handover.id)) throw new Error(`there is a handover ${handover.id} already`);
    const position = this.#positions.next();
    this.#rows.set(handover.id, { position, handover: structuredClone(handover), bytes: bytes.slice() });
  }

  get(id: HandoverId): Handover | null {
    return this.#rows.get(id)?.handover ?? null;
  }

  read(id: HandoverId): Uint8Array | null {
    return this.#rows.get(id)?.bytes ?? null;
  }

  update(handover: Handover): void {
    const row = this.#rows.get(handover.id);
    if (!row) return;
    const hasEnded = handover.state === "done" || handover.state === "cancelled";
    const bytes = hasEnded ? null : row.bytes;
    this.#rows.set(handover.id, { ...row, handover: structuredClone(handover), bytes });
  }

  remove(id: HandoverId): void {
    this.#rows.delete(id);
  }

  list(): readonly Handover[] {
    return this.#all()
      .filter((one) => one.state !== "done")
      .reverse();
  }

  next(target: string): Handover | null {
    const waiting = this.#waiting(target);
    return waiting.sort((left, right) => left.nextAttempt - right.nextAttempt)[0] ?? null;
  }

  startedBefore(target: string, time: number): readonly Handover[] {
    const old = this.#waiting(target).filter((one) => one.started <= time);
    return old.sort((left, right) => left.started - right.started);
  }

  relayed(user: string, messageId: string): readonly Handover[] {
    return this.#all().filter(
      (one) => one.wishes !== null && one.user === user && one.messageId === messageId,
    );
  }

  targets(): readonly string[] {
    const waiting = this.#all().filter((one) => one.state === "waiting");
    return [...new Set(waiting.map((one) => one.target))].sort();
  }

  removeBefore(time: number, limit: number): number {
    const isOld = ({ state, created }: Handover) =>
      (state === "done" || state === "cancelled") && created < time;
    const old = this.#all().filter(isOld);
    const oldest = old.sort((left, right) => left.created - right.created).slice(0, limit);
    this.transactions.run(() => {
      for (const { id } of oldest) this.remove(id);
    });
    return oldest.length;
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { id } of this.#all().filter((one) => one.user === user)) this.#rows.delete(id);
      for (const { key } of this.#told.values().filter((one) => one.user === user)) this.#told.delete(key);
    });
  }

  wasTold(target: string, user: string, trouble: "delayed" | "failed"): boolean {
    return this.#told.has(keyOf(target, user, trouble));
  }

  markTold(target: string, user: string, trouble: "delayed" | "failed"): void {
    const key = keyOf(target, user, trouble);
    this.#told.set(key, { user, key });
  }

  clearTold(target: string, user: string): void {
    for (const trouble of ["delayed", "failed"] as const) this.#told.delete(keyOf(target, user, trouble));
  }

  #waiting(target: string): Handover[] {
    return this.#all().filter((one) => one.state === "waiting" && one.target === target);
  }

  /** Oldest first. */
  #all(): Handover[] {
    return this.#rows
      .values()
      .sort((left, right) => left.position - right.position)
      .map((row) => row.handover);
  }
}

function keyOf(target: string, user: string, trouble: string): string {
  return JSON.stringify([target, user, trouble]);
}
