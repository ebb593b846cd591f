import { type Address, addressSecrets, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { curve } from "../protocol/curve.js";
import { ProtocolError } from "../protocol/errors.js";
import { ObjectType, parseObjectHeader } from "../protocol/object.js";
import { atLeast, type Difficulty } from "../protocol/pow-target.js";
import { Behavior, type OpenedPubkey, openPubkey, type PubkeyBlock } from "../protocol/pubkey.js";
import type { Clock, MessagingStores } from "./ports.js";

/** Whom a msg is for, as far as the key is known. */
export type Recipient =
  | { readonly key: "unknown" | "bad" }
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

/**
 * Finds the key of an address: among the own identities, the known pubkeys, and the pubkey objects of the inventory, by tag (PROTOCOL.md
 * section 16.1). A key found in the inventory is kept.
 */
export function findRecipient(address: Address, context: Context): Recipient {
  const decoded = decodeAddress(address);
  const [identity] = context.stores.identities.owners(address);
  if (identity) {
    const encryptionKey = identity.keys.encryption.publicKey;
    const difficulty = context.minimum;
    return { key: "known", address: decoded, encryptionKey, difficulty, acknowledges: "does-not" };
  }
  const block = context.stores.pubkeys.get(address)?.block ?? findInInventory(decoded, context);
  if (block === null) return { key: "unknown" };
  if (block === "bad" || !curve.isPoint(block.encryptionKey)) return { key: "bad" };
  return {
    key: "known",
    address: decoded,
    encryptionKey: block.encryptionKey,
    difficulty: decoded.version < 3 ? context.minimum : atLeast(block.difficulty, context.minimum),
    acknowledges: (block.behavior & Behavior.doesAck) === 0 ? "does-not" : "does",
  };
}

/** Only version 4 has a tag; older pubkeys are kept when they pass by. */
function findInInventory(wanted: DecodedAddress, { stores, clock }: Context): PubkeyBlock | "bad" | null {
  const { tag } = addressSecrets(wanted);
  if (!tag) return null;
  const objects = [...stores.objectQueue.findByTag(ObjectType.pubkey, tag, clock())];
  objects.sort((a, b) => parseObjectHeader(b).expires - parseObjectHeader(a).expires);
  for (const object of objects) {
    const opened = tryOpen(object, wanted);
    if (opened === "bad") return "bad";
    if (opened === null) continue;
    stores.pubkeys.put({ address: opened.address, block: opened.block, received: clock(), used: true });
    return opened.block;
  }
  return null;
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
