/**
 * Private keys at rest. Without a passphrase they stand in the database as they are. With one they are sealed with AES-256-GCM under a
 * random key, which is itself sealed under scrypt (RFC 7914) of the passphrase: a new passphrase seals one key anew.
 */
import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { totalmem } from "node:os";
import { StoreError } from "./store-error.js";
import type { PropertyStore } from "./stores.js";

/** scrypt: from 128 MiB on; never less than the first. */
const COSTS: readonly ScryptNumbers[] = [
  { cost: 2 ** 17, blockSize: 8, parallel: 1 },
  { cost: 2 ** 18, blockSize: 8, parallel: 1 },
  { cost: 2 ** 18, blockSize: 8, parallel: 2 },
  { cost: 2 ** 18, blockSize: 8, parallel: 4 },
];
/** Milliseconds that one try is to take, about, on the machine on which the passphrase is set. */
const TARGET = 1000;
const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const PROPERTY = "keys.vault";
const TRACES = "keys.traces";
const PURPOSE = "bitmessage-bridge key vault";

export type VaultState =
  /** Keys stand as they are. */
  | "plain"
  /** Keys are sealed, and the passphrase has not been given. */
  | "locked"
  | "open";

/** What seals and opens the secrets of other stores. */
export interface Vault {
  readonly state: VaultState;
  /** @param name whose secret it is: what was sealed under one name does not open under another */
  seal(secret: Uint8Array, name: string): Uint8Array;
  /** @throws StoreError `locked`, `damaged` */
  open(sealed: Uint8Array, name: string): Uint8Array;
}

/** The vault of a database, for those who hold the passphrase. What is asked of it is done one after the other. */
export interface KeyVault extends Vault {
  /**
   * `left` when secrets are sealed, but they, or the key as a former passphrase opens it, could not be cleared from where they stood before,
   * for want of room; tried again by `unlock`.
   */
  readonly traces: "none" | "left";
  /** @throws StoreError `wrong-passphrase` */
  unlock(passphrase: string): Promise<void>;
  /** Seals all keys, or all that are sealed under a new passphrase. @throws StoreError `locked` */
  setPassphrase(passphrase: string): Promise<void>;
  /** Keys stand as they are again. @throws StoreError `locked`, `wrong-passphrase` */
  removePassphrase(passphrase: string): Promise<void>;
  /** Forgets the key, and what has been opened with it; what is sealed stays so. */
  lock(): void;
}

interface ScryptNumbers {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
}

/** As kept: octets in base64. */
interface SealedKey extends ScryptNumbers {
  readonly salt: string;
  readonly key: string;
}

export interface KeyVaultOptions {
  readonly properties: PropertyStore;
  /** Within one transaction, which has been undone when it throws: changes what is kept by `change`, and writes every secret anew, as it was read before. */
  readonly rewrite: (change: () => void) => void;
  /** Afterwards: clears the file of what stood in it before. May throw, and be called again. */
  readonly clear?: () => void;
  /** Overwrites what others still hold of opened secrets. */
  readonly wipe?: () => void;
  /** Cost of scrypt instead of what this machine can afford; smaller in tests only. */
  readonly cost?: number;
}

export function createKeyVault(options: KeyVaultOptions): KeyVault {
  return new PropertyKeyVault(options);
}

class PropertyKeyVault implements KeyVault {
  readonly #options: KeyVaultOptions;
  #kept: SealedKey | null;
  #key: Buffer | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: KeyVaultOptions) {
    this.#options = options;
    const text = options.properties.get(PROPERTY) ?? "";
    this.#kept = text === "" ? null : (JSON.parse(text) as SealedKey);
  }

  get state(): VaultState {
    if (this.#key !== null) return "open";
    return this.#kept === null ? "plain" : "locked";
  }

  seal(secret: Uint8Array, name: string): Uint8Array {
    if (this.#key === null) {
      this.#refuseLocked();
      return secret;
    }
    return seal(this.#key, secret, name);
  }

  open(sealed: Uint8Array, name: string): Uint8Array {
    if (this.#key === null) {
      this.#refuseLocked();
      return sealed;
    }
    const secret = open(this.#key, sealed, name);
    if (secret === null)
      throw new StoreError("damaged", `the private key of ${name} is damaged in the database`);
    return secret;
  }

  get traces(): "none" | "left" {
    return this.#options.properties.get(TRACES) === "left" ? "left" : "none";
  }

  unlock(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#kept;
      if (kept === null) return;
      this.#key = await this.#openKey(kept, passphrase);
      if (this.traces === "left") this.#clear();
    });
  }

  setPassphrase(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseLocked();
      const salt = randomBytes(16);
      const { outer, numbers } = await deriveDearly(passphrase, salt, this.#options.cost);
      this.#refuseLocked();
      const key = this.#key ?? randomBytes(KEY_LENGTH);
      const sealed: SealedKey = { ...numbers, salt: base64(salt), key: base64(seal(outer, key, PURPOSE)) };
      outer.fill(0);
      if (this.#key === null) this.#rewrite(sealed, key);
      else this.#reseal(sealed);
    });
  }

  removePassphrase(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseLocked();
      const kept = this.#kept;
      if (kept === null) return;
      (await this.#openKey(kept, passphrase)).fill(0);
      this.#refuseLocked();
      this.#rewrite(null, null);
    });
  }

  /** Two passphrases set at once would seal two keys, of which one would be kept and the other used. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  lock(): void {
    if (this.#key === null) return;
    this.#key.fill(0);
    this.#key = null;
    this.#options.wipe?.();
  }

  /** The key in use follows what is in the database, also when that fails. */
  #rewrite(kept: SealedKey | null, key: Buffer | null): void {
    const before = { kept: this.#kept, key: this.#key };
    try {
      this.#options.rewrite(() => {
        this.#keep(kept);
        this.#options.properties.set(TRACES, kept === null ? "" : "left");
        this.#key = key;
      });
    } catch (error) {
      this.#kept = before.kept;
      this.#key = before.key;
      throw error;
    }
    this.#clear();
  }

  /** The key as the former passphrase opens it would be worth as much as ever to whoever knows that. */
  #reseal(kept: SealedKey): void {
    this.#options.properties.set(TRACES, "left");
    this.#keep(kept);
    this.#clear();
  }

  /** A failure changes nothing about what is kept, and must not look as if it did. */
  #clear(): void {
    const { clear = () => {}, properties } = this.#options;
    try {
      clear();
      properties.set(TRACES, "");
    } catch {
      // `traces` goes on telling.
    }
  }

  #keep(kept: SealedKey | null): void {
    this.#options.properties.set(PROPERTY, kept === null ? "" : JSON.stringify(kept));
    this.#kept = kept;
  }

  #refuseLocked(): void {
    if (this.state === "locked")
      throw new StoreError("locked", "the private keys are locked with a passphrase");
  }

  async #openKey(kept: SealedKey, passphrase: string): Promise<Buffer> {
    const outer = await derive(passphrase, Buffer.from(kept.salt, "base64"), kept);
    const key = open(outer, Buffer.from(kept.key, "base64"), PURPOSE);
    outer.fill(0);
    if (key === null)
      throw new StoreError("wrong-passphrase", "that is not the passphrase of the private keys");
    const copy = Buffer.from(key);
    key.fill(0);
    return copy;
  }
}

/** As dearly as this machine can afford: a busy one may find that out to be less, but never less than the least. */
async function deriveDearly(
  passphrase: string,
  salt: Uint8Array,
  cost: number | undefined,
): Promise<{ readonly outer: Buffer; readonly numbers: ScryptNumbers }> {
  const affordable = COSTS.filter(
    (one, step) => step === 0 || 128 * one.cost * one.blockSize <= totalmem() / 16,
  );
  const steps = cost === undefined ? affordable : [{ cost, blockSize: 8, parallel: 1 }];
  for (const [step, numbers] of steps.entries()) {
    const begun = performance.now();
    const outer = await derive(passphrase, salt, numbers);
    const isEnough = (performance.now() - begun) * 2 > TARGET || step === steps.length - 1;
    if (isEnough) return { outer, numbers };
    outer.fill(0);
  }
  throw new Error("no cost of scrypt is given");
}

function seal(key: Buffer, secret: Uint8Array, name: string): Uint8Array {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
  const parts = [nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()];
  return new Uint8Array(Buffer.concat(parts));
}

function open(key: Buffer, sealed: Uint8Array, name: string): Uint8Array | null {
  const end = sealed.length - TAG_LENGTH;
  if (end < NONCE_LENGTH) return null;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_LENGTH), {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(end));
  try {
    const secret = decipher.update(sealed.subarray(NONCE_LENGTH, end));
    // Whether it was sealed so is known only now.
    decipher.final();
    const copy = new Uint8Array(secret);
    secret.fill(0);
    return copy;
  } catch {
    return null;
  }
}

function derive(passphrase: string, salt: Uint8Array, numbers: ScryptNumbers): Promise<Buffer> {
  const { cost: N, blockSize: r, parallel: p } = numbers;
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  // The same however a keyboard writes it.
  const text = passphrase.normalize("NFKC");
  return new Promise((resolve, reject) => {
    scrypt(text, salt, KEY_LENGTH, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
