import {
  type AddressSecrets,
  addressSecrets,
  type DecodedAddress,
  decodeAddress,
} from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import type { SubscriptionStore } from "./ports.js";
import type { Subscription } from "./types.js";

/** A broadcaster whom somebody follows, with the keys derived from the address. */
export interface Followed {
  readonly address: DecodedAddress;
  readonly secrets: AddressSecrets;
  readonly subscriptions: readonly Subscription[];
}

/** The enabled subscriptions, prepared for broadcasts; prepared anew when they change. */
export class FollowedBroadcasters {
  #byTag: ReadonlyMap<string, Followed> | null = null;
  #untagged: readonly Followed[] = [];

  constructor(private readonly store: SubscriptionStore) {}

  forget(): void {
    this.#byTag = null;
  }

  /** Those of whom a broadcast with that tag (version 5) or without one (version 4) may be. */
  candidates(tag: Uint8Array | null): readonly Followed[] {
    const byTag = this.#prepare();
    if (tag === null) return this.#untagged;
    const followed = byTag.get(toHex(tag));
    return followed ? [followed] : [];
  }

  #prepare(): ReadonlyMap<string, Followed> {
    if (this.#byTag) return this.#byTag;
    const byAddress = new Map<string, Subscription[]>();
    for (const subscription of this.store.list().filter(({ enabled }) => enabled)) {
      const others = byAddress.get(subscription.address) ?? [];
      byAddress.set(subscription.address, [...others, subscription]);
    }
    const prepared = [...byAddress].map(([text, subscriptions]): Followed => {
      const address = decodeAddress(text);
      return { address, secrets: addressSecrets(address), subscriptions };
    });
    this.#untagged = prepared.filter(({ secrets }) => secrets.tag === null);
    this.#byTag = new Map(
      prepared.flatMap((followed) =>
        followed.secrets.tag ? [[toHex(followed.secrets.tag), followed] as const] : [],
      ),
    );
    return this.#byTag;
  }
}
