import { createHmac, hash } from "node:crypto";
import { ripemd160 as portableRipemd160 } from "@noble/hashes/legacy.js";
import { asBytes } from "./bytes.js";

type Algorithm = "sha512" | "sha256" | "sha1" | "ripemd160";

// Several times faster than createHash on short inputs.
function digest(algorithm: Algorithm, data: Uint8Array): Uint8Array {
  return asBytes(hash(algorithm, data, "buffer"));
}

/** 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return digest("sha512", data);
}

/** DSHA(x) = SHA512(SHA512(x)), 64 bytes (PROTOCOL.md section 1). */
export function doubleSha512(data: Uint8Array): Uint8Array {
  return digest("sha512", hash("sha512", data, "buffer"));
}

/** The same as 128 lower-case hexadecimal digits. */
export function doubleSha512Hex(data: Uint8Array): string {
  return hash("sha512", hash("sha512", data, "buffer"), "hex");
}

/** 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return digest("sha256", data);
}

/** 20 bytes. */
export function sha1(data: Uint8Array): Uint8Array {
  return digest("sha1", data);
}

/** 20 bytes. */
export function ripemd160(data: Uint8Array): Uint8Array {
  return hasRipemd160 ? digest("ripemd160", data) : portableRipemd160(data);
}

/** 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return asBytes(hmac.digest());
}

const hasRipemd160 = offersRipemd160();

// Some builds of OpenSSL 3 leave it to a "legacy" provider that is not loaded.
function offersRipemd160(): boolean {
  try {
    digest("ripemd160", new Uint8Array(0));
    return true;
  } catch {
    return false;
  }
}
