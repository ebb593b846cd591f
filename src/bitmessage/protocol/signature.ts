import { bytesToInteger } from "./base58.js";
import { concatBytes, fromHex } from "./bytes.js";
import { curve, type SignatureDigest } from "./curve.js";
import { ProtocolError, type ProtocolErrorCode } from "./errors.js";
import { doubleSha512 } from "./hash.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * Signs with ECDSA over secp256k1 (PROTOCOL.md section 12.2); the same input gives the same signature.
 * @param digest SHA-256 unless the recipient's software is so old that it reads SHA-1 only
 * @returns DER, up to 72 bytes
 * @throws ProtocolError `invalid_private_key`
 */
export function sign(
  message: Uint8Array,
  privateKey: Uint8Array,
  digest: SignatureDigest = "sha256",
): Uint8Array {
  return encodeDer(curve.sign(message, digest, privateKey));
}

/** @param compact r || s, 64 bytes */
function encodeDer(compact: Uint8Array): Uint8Array {
  const numbers = concatBytes(derInteger(compact.subarray(0, 32)), derInteger(compact.subarray(32)));
  return concatBytes(Uint8Array.of(0x30, numbers.length), numbers);
}

function derInteger(number: Uint8Array): Uint8Array {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const digits = number.subarray(start);
  const sign = digits[0]! >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return concatBytes(Uint8Array.of(0x02, sign.length + digits.length), sign, digits);
}

/**
 * Whether a signature fits with SHA-1 or with SHA-256, tried in this order; nothing on the wire says which it is
 * (PROTOCOL.md section 12.2). High and low S are both fine.
 * @param der strict DER
 * @param publicKey 65 bytes; a point off the curve fits nothing
 */
export function verify(message: Uint8Array, der: Uint8Array, publicKey: Uint8Array): boolean {
  return checkSignature(message, der, publicKey) === null;
}

/** Like `verify`, and says why not: `malformed_der`, `out_of_range`, `invalid_public_key` or `signature_mismatch`. */
export function checkSignature(
  message: Uint8Array,
  der: Uint8Array,
  publicKey: Uint8Array,
  digests: readonly SignatureDigest[] = ["sha1", "sha256"],
): ProtocolErrorCode | null {
  let signature: Uint8Array;
  try {
    signature = compactSignature(der);
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  if (!curve.isPoint(publicKey)) return "invalid_public_key";
  const fits = digests.some((digest) => curve.verify(message, digest, signature, publicKey));
  return fits ? null : "signature_mismatch";
}

/** r || s, 64 bytes, of a DER signature. @throws ProtocolError `malformed_der`, `out_of_range` */
export function compactSignature(der: Uint8Array): Uint8Array {
  if (der.length < 8 || der[0] !== 0x30 || der[1] !== der.length - 2 || der[1]! >= 0x80) throw malformed();
  const r = readInteger(der, 2);
  const s = readInteger(der, r.end);
  if (s.end !== der.length) throw malformed();
  const signature = new Uint8Array(64);
  signature.set(scalar(r.digits), 0);
  signature.set(scalar(s.digits), 32);
  return signature;
}

function malformed(): ProtocolError {
  return new ProtocolError("malformed_der");
}

function readInteger(der: Uint8Array, offset: number): { digits: Uint8Array; end: number } {
  const length = der[offset + 1];
  const start = offset + 2;
  if (der[offset] !== 0x02 || length === undefined || length === 0 || length >= 0x80) throw malformed();
  if (start + length > der.length) throw malformed();
  const digits = der.subarray(start, start + length);
  const isPadded = length > 1 && digits[0] === 0 && digits[1]! < 0x80;
  if (digits[0]! >= 0x80 || isPadded) throw malformed();
  return { digits, end: start + length };
}

/** The number as 32 bytes, if it is one from 1 to the order less one. */
function scalar(digits: Uint8Array): Uint8Array {
  const significant = digits[0] === 0 ? digits.subarray(1) : digits;
  if (significant.length === 0 || significant.length > 32) throw new ProtocolError("out_of_range");
  const bytes = new Uint8Array(32);
  bytes.set(significant, 32 - significant.length);
  if (bytesToInteger(bytes) >= ORDER) throw new ProtocolError("out_of_range");
  return bytes;
}

/** DSHA(signature)[32:64]: identifies a signed message, so that a copy of it is noticed (PROTOCOL.md section 12.2). */
export function signatureHash(der: Uint8Array): Uint8Array {
  return doubleSha512(der).slice(32, 64);
}

/**
 * The same of the other signature that fits, with the order less s: everybody who can read a message can turn the one into the other.
 * @throws ProtocolError `malformed_der`, `out_of_range`
 */
export function otherSignatureHash(der: Uint8Array): Uint8Array {
  const compact = compactSignature(der);
  const other = ORDER - bytesToInteger(compact.subarray(32));
  compact.set(fromHex(other.toString(16).padStart(64, "0")), 32);
  return signatureHash(encodeDer(compact));
}
