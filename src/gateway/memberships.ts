import type { Identity, Subscription } from "../bitmessage/messaging/types.js";
import type { Address } from "../bitmessage/protocol/address.js";

/**
 * What folders can do to chans and subscriptions (MAIL-MAPPING section 5). Called within a transaction; errors with the name
 * MessagingError have a text for people.
 */
export interface Memberships {
  joinChan(wanted: { readonly user: string; readonly passphrase: string; readonly label: string }): Identity;
  leaveChan(address: Address): void;
  labelChan(address: Address, label: string): void;
  follow(wanted: { readonly user: string; readonly address: Address; readonly label: string }): Subscription;
  unfollow(address: Address): void;
  labelSubscription(address: Address, label: string): void;
}
