/** The broadcasters whom users follow. */
import { type Address, decodeAddress } from "../protocol/address.js";
import { MessagingError } from "./messaging-error.js";
import type { MessagingStores } from "./ports.js";
import type { Subscription } from "./types.js";

export interface SubscriptionsOptions {
  readonly stores: Pick<MessagingStores, "transactions" | "subscriptions" | "secondLooks">;
}

/** All changes may be made within a caller's transaction; listeners hear of them after its commit. */
export interface Subscriptions {
  list(): readonly Subscription[];
  get(user: string, address: Address): Subscription | null;
  /**
   * Follows a broadcaster; replaces the label of one whom the user follows already. Broadcasts that are still in the inventory are delivered.
   * @param wanted.address any text of an address
   * @throws ProtocolError for an address that is none
   */
  add(wanted: { readonly user: string; readonly address: string; readonly label: string }): Subscription;
  /** These throw MessagingError `unknown-subscription`. */
  enable(user: string, address: Address): Subscription;
  disable(user: string, address: Address): Subscription;
  setLabel(user: string, address: Address, label: string): Subscription;
  remove(user: string, address: Address): void;
  /** Calls the listener after each change; returns how to end that. */
  onChange(listener: () => void): () => void;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  return new StoredSubscriptions(options);
}

class StoredSubscriptions implements Subscriptions {
  readonly #listeners = new Set<() => void>();

  constructor(private readonly options: SubscriptionsOptions) {}

  list(): readonly Subscription[] {
    return this.options.stores.subscriptions.list();
  }

  get(user: string, address: Address): Subscription | null {
    return this.options.stores.subscriptions.get(user, address);
  }

  add(wanted: { user: string; address: string; label: string }): Subscription {
    const { address } = decodeAddress(wanted.address);
    return this.#follow({ address, label: wanted.label, enabled: true, user: wanted.user });
  }

  enable(user: string, address: Address): Subscription {
    return this.#follow({ ...this.#existing(user, address), enabled: true });
  }

  disable(user: string, address: Address): Subscription {
    return this.#save({ ...this.#existing(user, address), enabled: false });
  }

  setLabel(user: string, address: Address, label: string): Subscription {
    return this.#save({ ...this.#existing(user, address), label });
  }

  remove(user: string, address: Address): void {
    const { transactions, subscriptions } = this.options.stores;
    this.#existing(user, address);
    transactions.run(() => {
      subscriptions.remove(user, address);
      this.#tellAfterCommit();
    });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #follow(subscription: Subscription): Subscription {
    const { transactions, secondLooks } = this.options.stores;
    return transactions.run(() => {
      secondLooks.save({ kind: "subscription", address: subscription.address, after: 0 });
      return this.#save(subscription);
    });
  }

  #save(subscription: Subscription): Subscription {
    const { transactions, subscriptions } = this.options.stores;
    return transactions.run(() => {
      subscriptions.save(subscription);
      this.#tellAfterCommit();
      return subscription;
    });
  }

  #tellAfterCommit(): void {
    this.options.stores.transactions.afterCommit(() => {
      for (const listener of this.#listeners) listener();
    });
  }

  #existing(user: string, address: Address): Subscription {
    const subscription = this.get(user, address);
    if (!subscription) throw new MessagingError("unknown-subscription", `${user} does not follow ${address}`);
    return subscription;
  }
}
