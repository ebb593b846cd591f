import { type Address, addressSecrets, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { curve } from "../protocol/curve.js";
import { ProtocolError } from "../protocol/errors.js";
import { type InventoryHash, inventoryHash } from "../protocol/inventory-hash.js";
import { ObjectType, parseObjectHeader } from "../protocol/object.js";
import { atLeast, type Difficulty } from "../protocol/pow-target.js";
import { Behavior, type OpenedPubkey, openPubkey, type PubkeyBlock } from "../protocol/pubkey.js";
import type { Clock, MessagingStores } from "./ports.js";

/** Whom a msg is for, as far as the key is known. */
export type Recipient =
  /** `searched`: there is more in the inventory that may be the key; to be looked for again. */
  | { readonly key: "unknown" | "searched" | "bad" }
  | {
      readonly key: "known";
      readonly address: DecodedAddress;
      /** 65 bytes. */
      readonly encryptionKey: Uint8Array;
      /** What he demands, at least the network's minimum. */
      readonly difficulty: Difficulty;
      /** `does` when he sends acknowledgements; own identities and chans do not. */
      readonly acknowledges: "does" | "does-not";
    };

interface Context {
  readonly stores: MessagingStores;
  readonly minimum: Difficulty;
  readonly clock: Clock;
}

/** Objects that are tried at a time: a millisecond each, and anybody can publish as many under a tag as he likes. */
const MOST_TRIES = 50;
/** Of one tag, those that live longest; beyond, whoever is looked for has to be asked. */
const MOST_OBJECTS = 5000;
const MOST_REMEMBERED = 1_000_000;

export class Recipients {
  /** Objects under the tags of others than those who made them. */
  readonly #useless = new Set<InventoryHash>();

  constructor(private readonly context: Context) {}

  /**
   * Finds the key of an address: among the own identities, the known pubkeys, and the pubkey objects of the inventory, by tag (PROTOCOL.md
   * section 16.1). A key found in the inventory is kept.
   */
  find(address: Address): Recipient {
    const { stores, minimum } = this.context;
    const decoded = decodeAddress(address);
    const [identity] = stores.identities.owners(address);
    if (identity) {
      const encryptionKey = identity.keys.encryption.publicKey;
      return { key: "known", address: decoded, encryptionKey, difficulty: minimum, acknowledges: "does-not" };
    }
    const block = stores.pubkeys.get(address)?.block ?? this.#findInInventory(decoded);
    if (typeof block === "string") return { key: block };
    if (!curve.isPoint(block.encryptionKey)) return { key: "bad" };
    return {
      key: "known",
      address: decoded,
      encryptionKey: block.encryptionKey,
      difficulty: decoded.version < 3 ? minimum : atLeast(block.difficulty, minimum),
      acknowledges: (block.behavior & Behavior.doesAck) === 0 ? "does-not" : "does",
    };
  }

  /** Only version 4 has a tag; older pubkeys are kept when they pass by. */
  #findInInventory(wanted: DecodedAddress): PubkeyBlock | "unknown" | "searched" | "bad" {
    const { stores, clock } = this.context;
    const { tag } = addressSecrets(wanted);
    if (!tag) return "unknown";
    const objects = [...stores.objectQueue.findByTag(ObjectType.pubkey, tag, clock())];
    objects.sort((a, b) => parseObjectHeader(b).expires - parseObjectHeader(a).expires);
    let tries = 0;
    for (const object of objects.slice(0, MOST_OBJECTS)) {
      const hash = inventoryHash(object);
      if (this.#useless.has(hash)) continue;
      if (++tries > MOST_TRIES) return "searched";
      const opened = tryOpen(object, wanted);
      if (opened === "bad") return "bad";
      if (opened === null) {
        this.#remember(hash);
        continue;
      }
      stores.pubkeys.put({ address: opened.address, block: opened.block, received: clock(), used: true });
      return opened.block;
    }
    return "unknown";
  }

  #remember(useless: InventoryHash): void {
    if (this.#useless.size >= MOST_REMEMBERED) this.#useless.clear();
    this.#useless.add(useless);
  }
}

/** "bad" only when everything proves that the key is the owner's and yet unusable; anybody can publish under a tag. */
function tryOpen(object: Uint8Array, wanted: DecodedAddress): OpenedPubkey | "bad" | null {
  try {
    return openPubkey(object, wanted);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code === "invalid_public_key" ? "bad" : null;
  }
}
