import type { Address } from "../../bitmessage/protocol/address.js";
import type { Capability, CapabilityStore, Preference, PreferenceStore } from "../../gateway/ports.js";
import { type MemoryTransactions, Table } from "./transactions.js";

export class MemoryCapabilityStore implements CapabilityStore {
  readonly #capabilities: Table<Address, Capability>;

  constructor(transactions: MemoryTransactions) {
    this.#capabilities = new Table(transactions);
  }

  get(address: Address): Capability | null {
    return this.#capabilities.get(address) ?? null;
  }

  set(address: Address, capability: Capability): void {
    this.#capabilities.set(address, capability);
  }
}

interface Row {
  readonly user: string;
  readonly address: Address;
  readonly preference: Preference;
}

export class MemoryPreferenceStore implements PreferenceStore {
  readonly #rows: Table<string, Row>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
  }

  get(user: string, address: Address): Preference | null {
    return this.#rows.get(keyOf(user, address))?.preference ?? null;
  }

  set(user: string, address: Address, preference: Preference): void {
    this.#rows.set(keyOf(user, address), { user, address, preference: { ...preference } });
  }

  remove(user: string, address: Address): void {
    this.#rows.delete(keyOf(user, address));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const row of this.#rows.values()) if (row.user === user) this.remove(user, row.address);
    });
  }
}

function keyOf(user: string, address: Address): string {
  return JSON.stringify([user, address]);
}
