import {
  type AddressSecrets,
  addressSecrets,
  type DecodedAddress,
  decodeAddress,
} from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import type { SubscriptionStore } from "./ports.js";
import type { Subscription } from "./types.js";

/** A followed broadcaster, with the keys derived from the address. */
export interface Followed {
  readonly address: DecodedAddress;
  readonly secrets: AddressSecrets;
  readonly subscription: Subscription;
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
    const all = this.store.list().filter(({ enabled }) => enabled);
    const prepared = all.map((subscription): Followed => {
      const address = decodeAddress(subscription.address);
      return { address, secrets: addressSecrets(address), subscription };
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
