import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import type { ScramKeys } from "../mail/sasl.js";
import { deriveScramKeys } from "../mail/scram.js";

/** scrypt (RFC 7914): 16 MiB and some 50 ms for each try. */
const COST = 16_384;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const SALT_LENGTH = 16;
const HASH_LENGTH = 32;
/** PBKDF2 within SCRAM: each login costs the client some 20 ms. */
export const SCRAM_ITERATIONS = 65_536;

/**
 * What is kept of a password, as words with a blank between them: `scrypt$N$r$p$salt$hash`, for SCRAM-SHA-256
 * `scram$iterations$salt$storedKey$serverKey`, and `decoy$secret`, from which keys for unknown logins are made. Octets in base64. Older ones
 * have the first word only.
 */
export async function hashPassword(password: string, before: string | null = null): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const hash = await derive(password, salt, { N: COST, r: BLOCK_SIZE, p: PARALLEL }, HASH_LENGTH);
  const numbers = `${COST}$${BLOCK_SIZE}$${PARALLEL}`;
  return `scrypt$${numbers}$${base64(salt)}$${base64(hash)} ${await scramWords(password, before)}`;
}

/** The same password's hash with the words for SCRAM. */
export async function addScramKeys(passwordHash: string, password: string): Promise<string> {
  return `${passwordHash.split(" ", 1)[0]} ${await scramWords(password, passwordHash)}`;
}

/** The keys for SCRAM, or null in an older hash. */
export function scramKeysOf(passwordHash: string): ScramKeys | null {
  const [iterations, ...octets] = wordOf(passwordHash, "scram") ?? [];
  const [salt, storedKey, serverKey] = octets.map((text) => Buffer.from(text, "base64"));
  if (!salt || !storedKey || !serverKey) return null;
  return { iterations: Number(iterations), salt, storedKey, serverKey };
}

/** The secret for keys of unknown logins, which stays when the password changes; null in an older hash. */
export function decoySecretOf(passwordHash: string): Uint8Array | null {
  const [secret] = wordOf(passwordHash, "decoy") ?? [];
  return secret === undefined ? null : Buffer.from(secret, "base64");
}

/** The hash of no password: what the password of an unknown login is compared with, so that it takes as long. */
export const nobodysHash = [
  "scrypt",
  COST,
  BLOCK_SIZE,
  PARALLEL,
  base64(Buffer.alloc(SALT_LENGTH)),
  base64(Buffer.alloc(HASH_LENGTH)),
].join("$");

/** Whether the password is the hashed one. Throws Error for a text that is no hash of ours. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  const [cost, blockSize, parallel, salt, hash] = wordOf(passwordHash, "scrypt") ?? [];
  if (salt === undefined || hash === undefined) throw new Error("not a password hash");
  const expected = Buffer.from(hash, "base64");
  const parameters = { N: Number(cost), r: Number(blockSize), p: Number(parallel) };
  const actual = await derive(password, Buffer.from(salt, "base64"), parameters, expected.length);
  return timingSafeEqual(actual, expected);
}

async function scramWords(password: string, before: string | null): Promise<string> {
  const { iterations, salt, storedKey, serverKey } = await deriveScramKeys(password, SCRAM_ITERATIONS);
  const secret = (before === null ? null : decoySecretOf(before)) ?? randomBytes(32);
  const scram = ["scram", iterations, base64(salt), base64(storedKey), base64(serverKey)].join("$");
  return `${scram} decoy$${base64(secret)}`;
}

/** What stands behind the name of a word. */
function wordOf(passwordHash: string, name: string): string[] | null {
  const word = passwordHash.split(" ").find((one) => one.startsWith(`${name}$`));
  return word === undefined ? null : word.split("$").slice(1);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
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
