import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Far more logins than there are. */
const MOST_REMEMBERED = 1000;

/**
 * Remembers passwords that were right, so that a client that opens its fifth connection does not wait for scrypt again. Kept in
 * memory only, as keyed hashes whose key lives as long as the process.
 */
export class KnownPasswords {
  readonly #key = randomBytes(32);
  /** By the stored hash: a changed password is not known. */
  readonly #tags = new Map<string, Buffer>();

  /** Whether it is known to be right; false says nothing. */
  isRight(passwordHash: string, password: string): boolean {
    const known = this.#tags.get(passwordHash);
    return known !== undefined && timingSafeEqual(known, this.#tag(password));
  }

  add(passwordHash: string, password: string): void {
    if (this.#tags.size >= MOST_REMEMBERED) this.#tags.clear();
    this.#tags.set(passwordHash, this.#tag(password));
  }

  #tag(password: string): Buffer {
    return createHmac("sha256", this.#key).update(password.normalize("NFC")).digest();
  }
}
