/** The broadcasters whom users follow. */
import { type Address, addressSecrets, decodeAddress } from "../protocol/address.js";
import { inventoryHash } from "../protocol/inventory-hash.js";
import { ObjectType } from "../protocol/object.js";
import { MessagingError } from "./messaging-error.js";
import type { Clock, MessagingStores } from "./ports.js";
import type { Subscription } from "./types.js";

export interface SubscriptionsOptions {
  readonly stores: Pick<MessagingStores, "transactions" | "subscriptions" | "objectQueue">;
  readonly clock: Clock;
}

/** All changes may be made within a caller's transaction; listeners hear of them after its commit. */
export interface Subscriptions {
  list(): readonly Subscription[];
  get(address: Address): Subscription | null;
  /**
   * Follows a broadcaster; replaces the label of one who is followed already. Broadcasts of version 5 that are still in the inventory are looked
   * into again; those of version 4 cannot be found there.
   * @param wanted.address any text of an address
   * @throws ProtocolError for an address that is none; MessagingError `subscription-exists` when another user follows it
   */
  add(wanted: { readonly user: string; readonly address: string; readonly label: string }): Subscription;
  /** These throw MessagingError `unknown-subscription`. */
  enable(address: Address): Subscription;
  disable(address: Address): Subscription;
  setLabel(address: Address, label: string): Subscription;
  remove(address: Address): void;
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

  get(address: Address): Subscription | null {
    return this.options.stores.subscriptions.get(address);
  }

  add(wanted: { user: string; address: string; label: string }): Subscription {
    const { address } = decodeAddress(wanted.address);
    const followed = this.get(address);
    if (followed && followed.user !== wanted.user)
      throw new MessagingError("subscription-exists", `another user follows ${address} already`);
    return this.#follow({ address, label: wanted.label, enabled: true, user: wanted.user });
  }

  enable(address: Address): Subscription {
    return this.#follow({ ...this.#existing(address), enabled: true });
  }

  disable(address: Address): Subscription {
    return this.#save({ ...this.#existing(address), enabled: false });
  }

  setLabel(address: Address, label: string): Subscription {
    return this.#save({ ...this.#existing(address), label });
  }

  remove(address: Address): void {
    const { transactions, subscriptions } = this.options.stores;
    this.#existing(address);
    transactions.run(() => {
      subscriptions.remove(address);
      this.#tellAfterCommit();
    });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What came before goes through the inbox again: signatures keep it from being delivered twice. */
  #follow(subscription: Subscription): Subscription {
    const { transactions, objectQueue } = this.options.stores;
    const { tag } = addressSecrets(decodeAddress(subscription.address));
    return transactions.run(() => {
      if (tag) {
        const earlier = objectQueue.findByTag(ObjectType.broadcast, tag, this.options.clock());
        objectQueue.markUnprocessed(earlier.map(inventoryHash));
      }
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

  #existing(address: Address): Subscription {
    const subscription = this.get(address);
    if (!subscription) throw new MessagingError("unknown-subscription", `${address} is not followed`);
    return subscription;
  }
}
