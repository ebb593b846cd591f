import type { IdentityStore } from "../bitmessage/messaging/ports.js";
import type { Identity } from "../bitmessage/messaging/types.js";

/** Whose mail address somewhere else it is: an identity's, or a login's, which stands for all of its identities. */
export interface OrdinaryAddress {
  /** A Bitmessage address or the name of a login. */
  readonly owner: string;
  /** `anna@example.org` */
  readonly address: string;
}

/** Which ordinary mail addresses our identities have beside those with our domain. */
export interface OrdinaryAddresses {
  /** The enabled identities that may send with it: one identity, or those of a login, oldest first. */
  identitiesOf(mailAddress: string): readonly Identity[];
  /** Where an identity of that login is reached by ordinary mail, or null. */
  mailAddressOf(user: string, identity: string): string | null;
}

export function createOrdinaryAddresses(
  table: readonly OrdinaryAddress[],
  identities: Pick<IdentityStore, "list">,
): OrdinaryAddresses {
  const addressOf = (owner: string) => table.find((entry) => entry.owner === owner)?.address ?? null;
  return {
    identitiesOf(mailAddress) {
      const wanted = mailAddress.toLowerCase();
      const owners = table
        .filter((entry) => entry.address.toLowerCase() === wanted)
        .map((entry) => entry.owner);
      const isOwned = ({ address, user }: Identity) => owners.includes(address) || owners.includes(user);
      const owned = identities.list().filter((one) => one.enabled && !one.chan && isOwned(one));
      const exact = owned.filter((one) => owners.includes(one.address));
      return exact.length > 0 ? exact : owned;
    },
    mailAddressOf: (user, identity) => addressOf(identity) ?? addressOf(user),
  };
}
