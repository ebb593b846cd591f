/** The addresses whose private keys we hold: made at random, from a passphrase, or joined as a chan. */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Logger } from "../../logger.js";
import { type Address, type DecodedAddress, decodeAddress, encodeAddress } from "../protocol/address.js";
import { ProtocolError } from "../protocol/errors.js";
import {
  chanIdentity,
  deterministicIdentities,
  generateIdentityKeys,
  type IdentityKeySearch,
  type IdentityKeys,
  searchDeterministicIdentity,
  searchIdentityKeys,
} from "../protocol/keys.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import { SLICE_MILLISECONDS } from "./agenda.js";
import { MessagingError } from "./messaging-error.js";
import type { Clock, MessagingStores } from "./ports.js";
import type { PubkeyPublisher } from "./pubkey-publisher.js";
import type { Identity } from "./types.js";

export interface IdentitiesOptions {
  readonly stores: Pick<MessagingStores, "transactions" | "identities" | "secondLooks">;
  readonly pubkeyPublisher: Pick<PubkeyPublisher, "request">;
  readonly random: RandomBytes;
  readonly clock: Clock;
  /** What new identities demand of senders. */
  readonly minimum: Difficulty;
  readonly logger: Logger;
}

export interface NewIdentity {
  readonly user: string;
  readonly label: string;
  /** Leading zero bytes of the ripe, 1 unless told; 2 makes a shorter address and takes 256 times as long. */
  readonly nullBytes?: 1 | 2;
  /** What it demands of senders; the network's minimum unless told. */
  readonly difficulty?: Difficulty;
}

/** Keys from elsewhere, such as another program's file. */
export interface ImportedIdentity {
  readonly user: string;
  readonly label: string;
  readonly version: number;
  readonly stream: number;
  readonly keys: IdentityKeys;
  readonly enabled: boolean;
  readonly chan: boolean;
  readonly passphrase: string | null;
  readonly difficulty: Difficulty;
  readonly sendsAcknowledgements: boolean;
  /** Unix seconds; 0 for never. */
  readonly lastPubkeySent: number;
}

/** All changes may be made within a caller's transaction; listeners hear of them after its commit. */
export interface Identities {
  list(): readonly Identity[];
  get(user: string, address: Address): Identity | null;
  /** Everybody's who has that address: the enabled ones first, then the oldest. */
  owners(address: Address): readonly Identity[];
  /** A random one of version 4 in stream 1; its pubkey is published. */
  create(wanted: NewIdentity): Identity;
  /** From a passphrase; its pubkey is published when somebody asks. @throws MessagingError `identity-exists` */
  createDeterministic(wanted: NewIdentity & { readonly passphrase: string }): Identity;
  /**
   * As `createDeterministic` where there is a passphrase, else as `create`; the keys are searched in slices, so that the event loop goes
   * on while a shorter address is looked for. @throws MessagingError `identity-exists`, `stopped`
   */
  search(wanted: NewIdentity & { readonly passphrase?: string | undefined }): Promise<Identity>;
  /** Ends searches. */
  stop(): void;
  /** @throws MessagingError `identity-exists`; ProtocolError for what no address can have */
  import(identity: ImportedIdentity): Identity;
  /**
   * Joins or makes the chan of that name; one that the user has joined already is returned as it is.
   * @param wanted.address when given, must be the chan's
   * @throws ProtocolError `passphrase_does_not_match_address`; MessagingError `identity-exists` when somebody has it as an ordinary address
   */
  joinChan(wanted: {
    readonly user: string;
    readonly passphrase: string;
    readonly label?: string;
    readonly address?: Address;
  }): Identity;
  /** @throws MessagingError `unknown-identity`, `not-a-chan` */
  leaveChan(user: string, address: Address): void;
  /**
   * These throw MessagingError `unknown-identity`. What came for an identity while it was disabled is delivered when it is enabled, as far as it
   * is still in the inventory; so for those made from a passphrase, imported or joined.
   */
  enable(user: string, address: Address): Identity;
  disable(user: string, address: Address): Identity;
  setLabel(user: string, address: Address, label: string): Identity;
  remove(user: string, address: Address): void;
  /** Calls the listener after each change; returns how to end that. */
  onChange(listener: () => void): () => void;
}

const VERSION = 4;
const STREAM = 1;

export function createIdentities(options: IdentitiesOptions): Identities {
  return new StoredIdentities(options);
}

function searchOf({ nullBytes = 1 }: NewIdentity): { readonly nullBytes: 1 | 2 } {
  return { nullBytes };
}

class StoredIdentities implements Identities {
  readonly #listeners = new Set<() => void>();
  #stopped = false;

  constructor(private readonly options: IdentitiesOptions) {}

  list(): readonly Identity[] {
    return this.options.stores.identities.list();
  }

  get(user: string, address: Address): Identity | null {
    return this.options.stores.identities.get(user, address);
  }

  owners(address: Address): readonly Identity[] {
    return this.options.stores.identities.owners(address);
  }

  create(wanted: NewIdentity): Identity {
    return this.#addRandom(wanted, generateIdentityKeys(this.options.random, searchOf(wanted)));
  }

  #addRandom(wanted: NewIdentity, keys: IdentityKeys): Identity {
    return this.options.stores.transactions.run(() => {
      const { address } = this.#add(this.#ordinary(wanted, keys));
      this.options.pubkeyPublisher.request(address);
      return this.#existing(wanted.user, address);
    });
  }

  createDeterministic(wanted: NewIdentity & { readonly passphrase: string }): Identity {
    return this.#addDeterministic(
      wanted,
      deterministicIdentities(wanted.passphrase, searchOf(wanted)).next().value,
    );
  }

  #addDeterministic(wanted: NewIdentity, { signing, encryption, ripe }: IdentityKeys): Identity {
    return this.#addKnown(this.#ordinary(wanted, { signing, encryption, ripe }));
  }

  async search(wanted: NewIdentity & { readonly passphrase?: string | undefined }): Promise<Identity> {
    const { passphrase } = wanted;
    if (passphrase === undefined) {
      const keys = await this.#inSlices(searchIdentityKeys(this.options.random, searchOf(wanted)));
      return this.#addRandom(wanted, keys);
    }
    const keys = await this.#inSlices(searchDeterministicIdentity(passphrase, searchOf(wanted)));
    return this.#addDeterministic(wanted, keys);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #inSlices(search: IdentityKeySearch): Promise<IdentityKeys> {
    while (!this.#stopped) {
      const end = performance.now() + SLICE_MILLISECONDS;
      while (performance.now() < end) {
        const { done, value } = search.next();
        if (done) return value;
      }
      await setImmediate();
    }
    throw new MessagingError("stopped", "the search for keys was ended because the program stops");
  }

  import(identity: ImportedIdentity): Identity {
    return this.#addKnown(identity);
  }

  joinChan(wanted: { user: string; passphrase: string; label?: string; address?: Address }): Identity {
    const { user, passphrase } = wanted;
    const { address, signing, encryption, ripe } = chanIdentity(passphrase);
    this.#compare(ripe, wanted.address);
    const joined = this.get(user, wanted.address ?? address);
    if (joined?.chan) return joined;
    const { version, stream } = decodeAddress(wanted.address ?? address);
    return this.#addKnown({
      ...this.#ordinary(
        { user, label: wanted.label ?? `[chan] ${passphrase}` },
        { signing, encryption, ripe },
      ),
      version,
      stream,
      chan: true,
      passphrase,
      sendsAcknowledgements: false,
    });
  }

  leaveChan(user: string, address: Address): void {
    if (!this.#existing(user, address).chan)
      throw new MessagingError("not-a-chan", `${address} is not a chan`);
    this.remove(user, address);
  }

  enable(user: string, address: Address): Identity {
    return this.options.stores.transactions.run(() => {
      this.#lookAgain(address);
      return this.#save({ ...this.#existing(user, address), enabled: true });
    });
  }

  disable(user: string, address: Address): Identity {
    return this.#save({ ...this.#existing(user, address), enabled: false });
  }

  setLabel(user: string, address: Address, label: string): Identity {
    return this.#save({ ...this.#existing(user, address), label });
  }

  remove(user: string, address: Address): void {
    const { stores, logger } = this.options;
    this.#existing(user, address);
    stores.transactions.run(() => {
      stores.identities.remove(user, address);
      this.#tellAfterCommit();
    });
    logger.info("an identity was removed", { address });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ordinary(wanted: NewIdentity, keys: IdentityKeys): ImportedIdentity {
    return {
      user: wanted.user,
      label: wanted.label,
      version: VERSION,
      stream: STREAM,
      keys,
      enabled: true,
      chan: false,
      passphrase: null,
      difficulty: wanted.difficulty ?? this.options.minimum,
      sendsAcknowledgements: true,
      lastPubkeySent: 0,
    };
  }

  /** Somebody may have written to it before it came here. */
  #addKnown(wanted: ImportedIdentity): Identity {
    return this.options.stores.transactions.run(() => {
      const identity = this.#add(wanted);
      if (identity.enabled) this.#lookAgain(identity.address);
      return identity;
    });
  }

  #lookAgain(address: Address): void {
    this.options.stores.secondLooks.save({ kind: "identity", address, after: 0 });
  }

  #add(wanted: ImportedIdentity): Identity {
    const { version, stream, keys } = wanted;
    const address = encodeAddress(version, stream, keys.ripe);
    // An ordinary address has one owner, or acknowledgements would be sent and mail be answered in two names.
    const owners = this.owners(address);
    const isShared = wanted.chan && owners.every(({ chan, user }) => chan && user !== wanted.user);
    if (owners.length > 0 && !isShared)
      throw new MessagingError("identity-exists", `${address} is there already`);
    const created = this.options.clock();
    return this.#save({ ...wanted, address, pubkeyPending: false, created });
  }

  #save(identity: Identity): Identity {
    const { transactions, identities } = this.options.stores;
    return transactions.run(() => {
      identities.save(identity);
      this.#tellAfterCommit();
      return identity;
    });
  }

  #tellAfterCommit(): void {
    this.options.stores.transactions.afterCommit(() => {
      for (const listener of this.#listeners) listener();
    });
  }

  #existing(user: string, address: Address): Identity {
    const identity = this.get(user, address);
    if (!identity)
      throw new MessagingError("unknown-identity", `${address} is not an identity or chan of ${user}`);
    return identity;
  }

  #compare(ripe: Uint8Array, address: Address | undefined): void {
    if (address === undefined) return;
    const decoded: DecodedAddress = decodeAddress(address);
    if (encodeAddress(decoded.version, decoded.stream, ripe) !== decoded.address) {
      throw new ProtocolError("passphrase_does_not_match_address");
    }
  }
}
