import { type Address, addressSecrets } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { createTrialDecryptor, type TrialDecryptor } from "../protocol/ecies.js";
import type { PubkeyRequest } from "../protocol/getpubkey.js";
import type { IdentityStore } from "./ports.js";
import type { Identity } from "./types.js";

interface Keys {
  readonly identities: readonly Identity[];
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

  /** Tries all keys, even after one has fitted. */
  tryDecrypt(encrypted: Uint8Array): { identity: Identity; plaintext: Uint8Array } | null {
    const { identities, decryptor } = this.#prepared();
    const found = decryptor.tryDecrypt(encrypted);
    const identity = found && identities[found.index];
    return identity ? { identity, plaintext: found.plaintext } : null;
  }

  /** The identities, as they are kept now, whose key a request may be for. */
  named(request: PubkeyRequest): readonly Identity[] {
    const name = toHex("tag" in request ? request.tag : request.ripe);
    const addresses = this.#prepared().named.get(name) ?? [];
    return addresses
      .map((address) => this.store.get(address))
      .filter((identity) => identity?.enabled) as Identity[];
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
  const decryptor = createTrialDecryptor(identities.map(({ keys }) => keys.encryption));
  return { identities, decryptor, named };
}
