/** How what is kept of a password is written down. */
import type { ScramKeys } from "../../mail/sasl.js";

/** The parameters of scrypt (RFC 7914): cost N, block size r, parallelisation p. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordRecord {
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  /** Null in records from before there was SCRAM. */
  readonly scram: ScramKeys | null;
  /** From which keys for unknown logins are made; it stays when the password changes. Null in older records. */
  readonly decoy: Uint8Array | null;
}

/**
 * Words with a blank between them: `scrypt$N$r$p$salt$hash`, for SCRAM-SHA-256 `scram$iterations$salt$storedKey$serverKey`, and `decoy$secret`.
 * Octets in base64. Older ones have the first word only.
 */
export function writePasswordRecord({ cost, salt, hash, scram, decoy }: PasswordRecord): string {
  const words = [["scrypt", cost.N, cost.r, cost.p, base64(salt), base64(hash)]];
  if (scram !== null) {
    const keys = [scram.salt, scram.storedKey, scram.serverKey].map(base64);
    words.push(["scram", scram.iterations, ...keys]);
  }
  if (decoy !== null) words.push(["decoy", base64(decoy)]);
  return words.map((word) => word.join("$")).join(" ");
}

/** @throws Error for a text that is no record of ours */
export function readPasswordRecord(text: string): PasswordRecord {
  const [N, r, p, salt, hash] = wordOf(text, "scrypt") ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (salt === undefined || !hash || !isCost(cost)) throw new Error("not a password hash");
  const [secret] = wordOf(text, "decoy") ?? [];
  return {
    cost,
    salt: octets(salt),
    hash: octets(hash),
    scram: scramOf(text),
    decoy: secret === undefined ? null : octets(secret),
  };
}

function scramOf(text: string): ScramKeys | null {
  const [iterations, salt, storedKey, serverKey] = wordOf(text, "scram") ?? [];
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return null;
  return {
    iterations: Number(iterations),
    salt: octets(salt),
    storedKey: octets(storedKey),
    serverKey: octets(serverKey),
  };
}

function isCost({ N, r, p }: ScryptCost): boolean {
  return [N, r, p].every((number) => Number.isSafeInteger(number) && number > 0);
}

/** What stands behind the name of a word. */
function wordOf(text: string, name: string): string[] | null {
  const word = text.split(" ").find((one) => one.startsWith(`${name}$`));
  return word === undefined ? null : word.split("$").slice(1);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
