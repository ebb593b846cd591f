import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** scrypt (RFC 7914): 16 MiB and some 50 ms for each try. */
const COST = 16_384;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const SALT_LENGTH = 16;
const HASH_LENGTH = 32;

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const hash = await derive(password, salt, { N: COST, r: BLOCK_SIZE, p: PARALLEL }, HASH_LENGTH);
  const numbers = `${COST}$${BLOCK_SIZE}$${PARALLEL}`;
  return `scrypt$${numbers}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** The hash of no password: what the password of an unknown login is compared with, so that it takes as long. */
export const nobodysHash = [
  "scrypt",
  COST,
  BLOCK_SIZE,
  PARALLEL,
  Buffer.alloc(SALT_LENGTH).toString("base64"),
  Buffer.alloc(HASH_LENGTH).toString("base64"),
].join("$");

/** Whether the password is the hashed one. Throws Error for a text that is no hash of ours. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  const [name, cost, blockSize, parallel, salt, hash] = passwordHash.split("$");
  if (name !== "scrypt" || salt === undefined || hash === undefined) throw new Error("not a password hash");
  const expected = Buffer.from(hash, "base64");
  const parameters = { N: Number(cost), r: Number(blockSize), p: Number(parallel) };
  const actual = await derive(password, Buffer.from(salt, "base64"), parameters, expected.length);
  return timingSafeEqual(actual, expected);
}

/** The same text however a keyboard wrote it (RFC 8265 section 4). */
function derive(password: string, salt: Uint8Array, parameters: ScryptOptions, length: number) {
  const options = { ...parameters, maxmem: 256 * 1024 * 1024 };
  return new Promise<Buffer>((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
