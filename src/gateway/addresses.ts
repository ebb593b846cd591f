import type { ContactStore, IdentityStore, SubscriptionStore } from "../bitmessage/messaging/ports.js";
import type { Identity } from "../bitmessage/messaging/types.js";
import { type Address, type DecodedAddress, decodeAddress } from "../bitmessage/protocol/address.js";
import { ProtocolError, type ProtocolErrorCode } from "../bitmessage/protocol/errors.js";
import { SmtpError } from "../mail/smtp/error.js";
import { harmlessLine } from "./forms/harmless.js";
import type { OrdinaryAddresses } from "./ordinary-addresses.js";
import type { ThreadStore } from "./ports.js";

/** What a mail address stands for (MAIL-MAPPING section 1). */
export type Destination =
  | { readonly kind: "address"; readonly address: Address }
  | { readonly kind: "broadcast" }
  /** Administration by mail. */
  | { readonly kind: "bridge" }
  /** Somebody whom ordinary mail reaches, only where a smarthost is set. */
  | { readonly kind: "ordinary"; readonly mailAddress: string };

/** Bitmessage addresses as mail addresses and back. */
export interface AddressBook {
  /** `BM-...@domain` */
  mailAddress(address: Address): string;
  /** What the user calls that address: one harmless line, or null. */
  labelOf(user: string, address: Address): string | null;
  /** @throws SmtpError 550 5.1.1, 5.1.2 or 5.1.3 with a sentence that says what to do */
  resolve(user: string, mailAddress: string): Destination;
  /** The user's enabled identity of that mail address. @throws SmtpError 550 5.7.1 */
  resolveSender(user: string, mailAddress: string): Identity;
  /** The enabled identity with that Bitmessage or ordinary address, whosever it is; chans are nobody's. @throws SmtpError 550 5.7.1 */
  findSender(mailAddress: string): Identity;
}

export interface AddressBookOptions {
  readonly identities: IdentityStore;
  readonly contacts: ContactStore;
  readonly subscriptions: SubscriptionStore;
  readonly threads: ThreadStore;
  /** What stands behind the at sign of our addresses. */
  readonly domain: string;
  /** Streams that this node takes part in. */
  readonly streams: readonly number[];
  /** Ordinary addresses of our identities, where there are any. */
  readonly ordinaryAddresses?: OrdinaryAddresses;
  /** Whether there is a smarthost for ordinary mail; off unless given. */
  readonly relay?: "on" | "off";
}

export function createAddressBook(options: AddressBookOptions): AddressBook {
  return new StoredAddressBook(options);
}

/** Letters, digits, `.`, `_` and `-` of a label in lower case; what is between them becomes one `-`. */
export function slug(label: string): string {
  return label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
}

/** The parts of a mail address; a `+tag` is left out. */
function splitMailAddress(mailAddress: string): { local: string; domain: string | null } {
  const at = mailAddress.lastIndexOf("@");
  const local = at < 0 ? mailAddress : mailAddress.slice(0, at);
  const unquoted = /^"(.*)"$/.exec(local)?.[1]?.replace(/\\(.)/g, "$1") ?? local;
  const plus = unquoted.indexOf("+");
  return {
    local: (plus < 0 ? unquoted : unquoted.slice(0, plus)).trim(),
    domain: at < 0 ? null : mailAddress.slice(at + 1).toLowerCase(),
  };
}

const LOOKS_LIKE_ADDRESS = /^bm-/i;

/** A mail address with a domain name; what the smarthost makes of it is its business. */
const ORDINARY = /^[^\s<>@\p{C}]{1,64}@(?!-)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+$/u;

/** Whether a mail address reaches somebody through a bridge with that domain only. */
export function isBridgeAddress(mailAddress: string, ownDomain: string): boolean {
  const { local, domain } = splitMailAddress(mailAddress);
  return LOOKS_LIKE_ADDRESS.test(local) || domain === null || domain === ownDomain.toLowerCase();
}

const reasons: Partial<Record<ProtocolErrorCode, string>> = {
  bad_checksum: "its checksum is wrong: a letter is missing, changed, or in the wrong case",
  invalid_character: "it has a letter that such addresses never have",
  unsupported_version: "its version is not one that this software knows (2, 3 and 4)",
};

class StoredAddressBook implements AddressBook {
  readonly #options: AddressBookOptions;
  readonly #domain: string;

  constructor(options: AddressBookOptions) {
    this.#options = options;
    this.#domain = options.domain.toLowerCase();
  }

  mailAddress(address: Address): string {
    return `${address}@${this.#domain}`;
  }

  labelOf(user: string, address: Address): string | null {
    const { contacts, identities, subscriptions } = this.#options;
    const label =
      contacts.get(user, address)?.label ||
      identities.get(user, address)?.label ||
      subscriptions.get(user, address)?.label ||
      "";
    const harmless = harmlessLine(label, 100);
    return harmless === "" ? null : harmless;
  }

  resolve(user: string, mailAddress: string): Destination {
    const { local, domain } = splitMailAddress(mailAddress);
    if (LOOKS_LIKE_ADDRESS.test(local)) return { kind: "address", address: this.#readAddress(user, local) };
    if (domain === null || domain === this.#domain) return this.#resolveName(user, local);
    if (this.#options.relay === "on") {
      if (ORDINARY.test(mailAddress)) return { kind: "ordinary", mailAddress };
      throw new SmtpError(550, "5.1.3", `${shown(mailAddress)} is not a mail address`);
    }
    throw new SmtpError(
      550,
      "5.1.2",
      `This server sends to Bitmessage addresses only; write to BM-...@${this.#domain}`,
    );
  }

  resolveSender(user: string, mailAddress: string): Identity {
    const refusal = (text: string) => new SmtpError(550, "5.7.1", text);
    const { local, domain } = splitMailAddress(mailAddress);
    const ordinary = this.#options.ordinaryAddresses?.identitiesOf(mailAddress);
    const byOrdinary = ordinary?.find((identity) => identity.user === user);
    if (byOrdinary !== undefined) return byOrdinary;
    const own = this.#options.identities.list().filter((identity) => identity.user === user);
    const found = LOOKS_LIKE_ADDRESS.test(local)
      ? own.filter((identity) => identity.address.toLowerCase() === local.toLowerCase())
      : own.filter((identity) => domain === this.#domain && slug(identity.label) === slug(local));
    const exact = found.find((identity) => identity.address === local) ?? found[0];
    if (exact === undefined || (found.length > 1 && exact.address !== local)) {
      throw refusal(
        `${shown(mailAddress) || "<>"} is not an identity of yours; send from one of your own addresses`,
      );
    }
    if (!exact.enabled)
      throw refusal(`Your identity ${exact.address} is disabled; enable it to send from it`);
    return exact;
  }

  findSender(mailAddress: string): Identity {
    const [ordinary] = this.#options.ordinaryAddresses?.identitiesOf(mailAddress) ?? [];
    if (ordinary !== undefined) return ordinary;
    const { local } = splitMailAddress(mailAddress);
    const owned = this.#options.identities.list().filter(({ enabled, chan }) => enabled && !chan);
    const exact = owned.find((identity) => identity.address === local);
    const [folded, ...others] = owned.filter(({ address }) => address.toLowerCase() === local.toLowerCase());
    const found = exact ?? (others.length === 0 ? folded : undefined);
    if (found !== undefined) return found;
    const text = `${shown(mailAddress) || "<>"} belongs to no identity here; the setting mail.addresses gives identities their ordinary addresses`;
    throw new SmtpError(550, "5.7.1", text);
  }

  #readAddress(user: string, local: string): Address {
    try {
      return this.#checkStream(decodeAddress(local));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#repair(user, local, error);
    }
  }

  #checkStream(decoded: DecodedAddress): Address {
    if (this.#options.streams.includes(decoded.stream)) return decoded.address;
    throw new SmtpError(
      550,
      "5.1.1",
      `${decoded.address} is in stream ${decoded.stream}, which this node does not reach`,
    );
  }

  /** Many clients fold the case of addresses; the address is looked for among those the user has to do with. */
  #repair(user: string, local: string, error: ProtocolError): Address {
    const folded = local.toLowerCase();
    const matches = this.#known(user).filter((address) => address.toLowerCase() === folded);
    const [match, ...others] = [...new Set(matches)];
    if (match !== undefined && others.length === 0) return match;
    if (match !== undefined) {
      const text = `Several addresses differ from ${shown(local)} in upper and lower case only; write the one you mean exactly`;
      throw new SmtpError(550, "5.1.1", text);
    }
    const reason = reasons[error.code] ?? "it is not well-formed";
    const isSyntax = error.code !== "bad_checksum" && error.code !== "unsupported_version";
    const text = `${shown(local)} is not a Bitmessage address: ${reason}. Copy the address again, letter by letter as it was given`;
    throw new SmtpError(550, isSyntax ? "5.1.3" : "5.1.1", text);
  }

  #known(user: string): Address[] {
    const { identities, contacts, subscriptions, threads } = this.#options;
    return [
      ...identities.list().filter((identity) => identity.user === user),
      ...contacts.list(user),
      ...subscriptions.list().filter((subscription) => subscription.user === user),
    ]
      .map((entry) => entry.address)
      .concat(threads.correspondents(user) as Address[]);
  }

  #resolveName(user: string, local: string): Destination {
    const name = slug(local);
    if (name === "broadcast") return { kind: "broadcast" };
    if (name === "bridge") return { kind: "bridge" };
    const { identities, contacts } = this.#options;
    const labelled = [
      ...identities.list().filter((identity) => identity.user === user),
      ...contacts.list(user),
    ];
    const matches = labelled.filter((entry) => name !== "" && slug(entry.label) === name);
    const [match, ...others] = [...new Set(matches.map((entry) => entry.address))];
    if (match === undefined) {
      const text = `No identity, contact or chan is called ${shown(local)}; write to BM-...@${this.#domain}`;
      throw new SmtpError(550, "5.1.1", text);
    }
    if (others.length === 0) return { kind: "address", address: match };
    const list = [match, ...others].slice(0, 3).join(", ");
    const text = `Several addresses are called ${shown(local)} (${list}); write to the one you mean`;
    throw new SmtpError(550, "5.1.1", text);
  }
}

/** What a client wrote, fit to stand in a reply. */
function shown(text: string): string {
  return harmlessLine(text, 80).replace(/[^ -~]/g, "?");
}
