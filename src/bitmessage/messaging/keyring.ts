import { type Address, addressSecrets } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { createTrialDecryptor, type TrialDecryptor } from "../protocol/ecies.js";
import { ProtocolError } from "../protocol/errors.js";
import type { PubkeyRequest } from "../protocol/getpubkey.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import { msgCiphertext } from "../protocol/msg.js";
import type { IdentityStore } from "./ports.js";
import type { TrialPool, TrialResult } from "./trial-pool.js";
import type { Identity } from "./types.js";

/** The identities of all who have one key: one, or the members of a chan. */
export type Holders = readonly [Identity, ...Identity[]];

interface Keys {
  /** Those with the same key together: each key is tried once. */
  readonly holders: readonly Holders[];
  /** In the same order. */
  readonly privateKeys: readonly Uint8Array[];
  readonly decryptor: TrialDecryptor;
  /** By tag and by ripe, in hex. */
  readonly named: ReadonlyMap<string, readonly Address[]>;
}

/** A msg object, perhaps. */
export interface EncryptedObject {
  readonly hash: InventoryHash;
  readonly bytes: Uint8Array;
}

/** The enabled identities, prepared for what comes in; prepared anew when they change. */
export class Keyring {
  #keys: Keys | null = null;
  /** What trying ahead has come to. */
  readonly #tried = new Map<InventoryHash, TrialResult>();

  constructor(
    private readonly store: IdentityStore,
    private readonly pool: TrialPool | null = null,
  ) {}

  forget(): void {
    this.#keys = null;
    this.#tried.clear();
  }

  /**
   * Tries all keys on the msg objects among those that come next, at once where there are threads for it; what these do not
   * find out, `tryDecrypt` does. Returns the objects to go on with, the first of them: with many keys not all.
   */
  async tryAhead<Next extends EncryptedObject>(objects: readonly Next[]): Promise<readonly Next[]> {
    this.#tried.clear();
    if (this.pool === null) return objects;
    const keys = this.#prepared();
    const next = objects.slice(0, this.pool.portion(keys.privateKeys.length));
    const messages = next.flatMap(({ hash, bytes }) => {
      const ciphertext = ciphertextOf(bytes);
      return ciphertext === null ? [] : [{ hash, ciphertext }];
    });
    const ciphertexts = messages.map(({ ciphertext }) => ciphertext);
    const results = await this.pool.tryAll(keys.privateKeys, ciphertexts);
    // In the meantime there may have come others.
    if (results === null || this.#keys !== keys) return next;
    for (const [index, { hash }] of messages.entries()) this.#tried.set(hash, results[index] ?? null);
    return next;
  }

  /**
   * Tries all keys on a msg object, even after one has fitted. Returns everybody who has the key that fits.
   * @throws ProtocolError when it is no msg object that we understand
   */
  tryDecrypt({ hash, bytes }: EncryptedObject): { identities: Holders; plaintext: Uint8Array } | null {
    const { holders, decryptor } = this.#prepared();
    const ciphertext = msgCiphertext(bytes);
    const tried = this.#tried.get(hash);
    const found = tried === undefined ? decryptor.tryDecrypt(ciphertext) : tried;
    const identities = found && holders[found.index];
    return identities ? { identities, plaintext: found.plaintext } : null;
  }

  /** The identities, as they are kept now, whose key a request may be for. */
  named(request: PubkeyRequest): readonly Identity[] {
    const name = toHex("tag" in request ? request.tag : request.ripe);
    const addresses = this.#prepared().named.get(name) ?? [];
    return [...new Set(addresses)]
      .flatMap((address) => this.store.owners(address))
      .filter((identity) => identity.enabled);
  }

  #prepared(): Keys {
    this.#keys ??= prepare(this.store.list().filter((identity) => identity.enabled));
    return this.#keys;
  }
}

function prepare(identities: readonly Identity[]): Keys {
  const named = new Map<string, Address[]>();
  for (const { address, version, stream, keys } of identities) {
    const { tag } = addressSecrets({ version, stream, ripe: keys.ripe });
    for (const name of tag ? [tag, keys.ripe] : [keys.ripe]) {
      const addresses = named.get(toHex(name));
      if (addresses) addresses.push(address);
      else named.set(toHex(name), [address]);
    }
  }
  const holders = [...groupByKey(identities).values()];
  const privateKeys = holders.map(([first]) => first.keys.encryption.privateKey);
  const decryptor = createTrialDecryptor(privateKeys.map((privateKey) => ({ privateKey })));
  return { holders, privateKeys, decryptor, named };
}

/** Null when it is no msg object. */
function ciphertextOf(object: Uint8Array): Uint8Array | null {
  try {
    return msgCiphertext(object);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function groupByKey(identities: readonly Identity[]): Map<string, Holders> {
  const holders = new Map<string, [Identity, ...Identity[]]>();
  for (const identity of identities) {
    const key = toHex(identity.keys.encryption.privateKey);
    const group = holders.get(key);
    if (group) group.push(identity);
    else holders.set(key, [identity]);
  }
  return holders;
}
