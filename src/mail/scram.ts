/** SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, as a server does it: a login that never shows the password. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import type { ScramKeys } from "./sasl.js";

/** Octets of a salt, of keys and of the proof. */
const SALT_LENGTH = 16;
const KEY_LENGTH = 32;

/** The keys of a password; the salt is random unless it is given. */
export async function deriveScramKeys(
  password: string,
  iterations: number,
  salt: Uint8Array = randomBytes(SALT_LENGTH),
): Promise<ScramKeys> {
  const salted = await new Promise<Buffer>((resolve, reject) => {
    pbkdf2(saslPrep(password), salt, iterations, KEY_LENGTH, "sha256", (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
  return {
    salt,
    iterations,
    storedKey: sha256(hmac(salted, "Client Key")),
    serverKey: hmac(salted, "Server Key"),
  };
}

/** Keys for a name that nobody has: they look like keys, are always the same, and fit no password. `secret` is the host's. */
export function inventScramKeys(secret: Uint8Array, username: string, iterations: number): ScramKeys {
  const made = (purpose: string): Uint8Array => hmac(secret, `${purpose}\0${username}`);
  return {
    salt: made("salt").subarray(0, SALT_LENGTH),
    iterations,
    storedKey: made("stored key"),
    serverKey: made("server key"),
  };
}

/** RFC 4013: what is written in different ways is one password. Prohibited characters are left to the host's own rules. */
function saslPrep(text: string): string {
  return text
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replace(/\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|[\u00ad\u1806\u2060\ufeff]|\u200c|\u200d/g, "")
    .normalize("NFKC");
}

/** A client's message that does not follow the grammar. */
export class ScramSyntaxError extends Error {
  constructor(text: string) {
    super(text);
    this.name = "ScramSyntaxError";
  }
}

/** What a client begins with. */
export interface ClientFirst {
  readonly username: string;
  /** As whom to act; null: as the user. */
  readonly authorization: string | null;
  readonly nonce: string;
  readonly gs2Header: string;
  /** The message without the GS2 header. */
  readonly bare: string;
}

/** `client-first-message`. @throws ScramSyntaxError */
export function parseClientFirst(message: string): ClientFirst {
  const parts = /^((?:n|y),(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,]*)*)$/.exec(
    message,
  );
  if (!parts) throw new ScramSyntaxError("That is not a first message of SCRAM without channel binding.");
  const [, gs2Header, authorization, bare, username, nonce] = parts;
  return {
    username: decodeName(username!),
    authorization: authorization === undefined ? null : decodeName(authorization),
    nonce: nonce!,
    gs2Header: gs2Header!,
    bare: bare!,
  };
}

/** `saslname`: `=2C` is a comma, `=3D` an equals sign, and no other `=` is allowed. */
function decodeName(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw new ScramSyntaxError("That name has a wrong escape.");
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** One exchange: `serverFirst` is sent, then the client's answer goes to `finish`. */
export class ScramExchange {
  readonly serverFirst: string;
  readonly #nonce: string;

  constructor(
    private readonly first: ClientFirst,
    private readonly keys: ScramKeys,
    serverNonce: string = randomBytes(18).toString("base64"),
  ) {
    this.#nonce = first.nonce + serverNonce;
    this.serverFirst = `r=${this.#nonce},s=${base64(keys.salt)},i=${keys.iterations}`;
  }

  /** The `server-final-message`, or null when the proof is wrong. @throws ScramSyntaxError */
  finish(clientFinal: string): string | null {
    const parts = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,[A-Za-z]=[^,]*)*),p=([A-Za-z0-9+/]{43}=)$/.exec(
      clientFinal,
    );
    if (!parts) throw new ScramSyntaxError("That is not a final message of SCRAM.");
    const [, withoutProof, binding, nonce, proof] = parts;
    if (binding !== base64(Buffer.from(this.first.gs2Header)) || nonce !== this.#nonce) return null;
    const authMessage = `${this.first.bare},${this.serverFirst},${withoutProof}`;
    const signature = hmac(this.keys.storedKey, authMessage);
    const clientKey = Buffer.from(proof!, "base64").map((octet, index) => octet ^ signature[index]!);
    if (!timingSafeEqual(sha256(clientKey), this.keys.storedKey)) return null;
    return `v=${base64(hmac(this.keys.serverKey, authMessage))}`;
  }
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
