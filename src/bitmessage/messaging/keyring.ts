import { type Address, addressSecrets } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { createTrialDecryptor, type TrialDecryptor } from "../protocol/ecies.js";
import type { PubkeyRequest } from "../protocol/getpubkey.js";
import type { IdentityStore } from "./ports.js";
import type { Identity } from "./types.js";

/** The identities of all who have one key: one, or the members of a chan. */
export type Holders = readonly [Identity, ...Identity[]];

interface Keys {
  /** Those with the same key together: each key is tried once. */
  readonly holders: readonly Holders[];
  readonly decryptor: TrialDecryptor;
  /** By tag and by ripe, in hex. */
  readonly named: ReadonlyMap<string, readonly Address[]>;
}

/** The enabled identities, prepared for what comes in; prepared anew when they change. */
export class Keyring {
  #keys: Keys | null = null;

  constructor(private readonly store: IdentityStore) {}

  forget(): void {
    this.#keys = null;
  }

  /** Tries all keys, even after one has fitted. Returns everybody who has the key that fits. */
  tryDecrypt(encrypted: Uint8Array): { identities: Holders; plaintext: Uint8Array } | null {
    const { holders, decryptor } = this.#prepared();
    const found = decryptor.tryDecrypt(encrypted);
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
  const decryptor = createTrialDecryptor(holders.map(([first]) => first.keys.encryption));
  return { holders, decryptor, named };
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
