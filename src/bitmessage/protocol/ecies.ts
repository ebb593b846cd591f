import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { asBytes, ByteReader, ByteWriter, concatBytes } from "./bytes.js";
import { type Curve, curve } from "./curve.js";
import { ProtocolError } from "./errors.js";
import { hmacSha256, sha512 } from "./hash.js";
import { type KeyPair, keyPair, randomPrivateKey } from "./keys.js";
import type { RandomBytes } from "./random.js";

const CURVE_SECP256K1 = 714;
const IV_LENGTH = 16;
const MAC_LENGTH = 32;
const BLOCK_LENGTH = 16;
const COORDINATE_LENGTH = 32;

/**
 * Encrypts to a public key (PROTOCOL.md section 12.1). Draws 16 random bytes for the IV, then 32 for each ephemeral key that is tried:
 * one whose coordinates start with a zero byte is not readable by everybody.
 * @param publicKey 65 bytes
 * @returns 118 bytes more than the plaintext padded to blocks of 16
 * @throws ProtocolError `invalid_point`
 */
export function encrypt(plaintext: Uint8Array, publicKey: Uint8Array, random: RandomBytes): Uint8Array {
  const iv = random(IV_LENGTH);
  for (;;) {
    const ephemeral = keyPair(randomPrivateKey(random));
    if (ephemeral.publicKey[1] === 0 || ephemeral.publicKey[33] === 0) continue;
    return encryptWith(plaintext, publicKey, { iv, ephemeral });
  }
}

/** Encrypts with a given IV (16 bytes) and ephemeral key, each of which must be used once only. */
export function encryptWith(
  plaintext: Uint8Array,
  publicKey: Uint8Array,
  { iv, ephemeral }: { iv: Uint8Array; ephemeral: KeyPair },
): Uint8Array {
  const keys = deriveKeys(curve.sharedX(ephemeral.privateKey, publicKey));
  const cipher = createCipheriv("aes-256-cbc", keys.encryption, iv);
  const writer = new ByteWriter().bytes(iv).u16(CURVE_SECP256K1);
  writer.u16(COORDINATE_LENGTH).bytes(ephemeral.publicKey.subarray(1, 33));
  writer.u16(COORDINATE_LENGTH).bytes(ephemeral.publicKey.subarray(33, 65));
  const body = writer.bytes(cipher.update(plaintext)).bytes(cipher.final()).finish();
  return concatBytes(body, hmacSha256(keys.authentication, body));
}

/** The two keys that a shared X coordinate (32 bytes) stands for. */
export function deriveKeys(sharedX: Uint8Array): { encryption: Uint8Array; authentication: Uint8Array } {
  const hash = sha512(sharedX);
  return { encryption: hash.subarray(0, 32), authentication: hash.subarray(32, 64) };
}

interface Envelope {
  iv: Uint8Array;
  /** 65 bytes, a point */
  ephemeralKey: Uint8Array;
  ciphertext: Uint8Array;
  /** everything before the MAC, as received */
  authenticated: Uint8Array;
  mac: Uint8Array;
}

/** Takes the parts out and checks all that needs no private key. */
function openEnvelope(encrypted: Uint8Array, on: Curve = curve): Envelope {
  const reader = new ByteReader(encrypted);
  const iv = reader.bytes(IV_LENGTH);
  const curveNumber = reader.u16();
  const ephemeralKey = new Uint8Array(65);
  ephemeralKey[0] = 4;
  readCoordinate(reader, ephemeralKey.subarray(1, 33));
  readCoordinate(reader, ephemeralKey.subarray(33, 65));
  const ciphertextLength = reader.remaining - MAC_LENGTH;
  if (ciphertextLength < 0) throw new ProtocolError("truncated");
  const ciphertext = reader.bytes(ciphertextLength);
  const authenticated = encrypted.subarray(0, reader.offset);
  const mac = reader.rest();
  if (curveNumber !== CURVE_SECP256K1) throw new ProtocolError("unsupported_curve");
  if (!on.isPoint(ephemeralKey)) throw new ProtocolError("invalid_point");
  return { iv, ephemeralKey, ciphertext, authenticated, mac };
}

/** Some writers leave leading zeros off, so any length up to 32 is read. */
function readCoordinate(reader: ByteReader, target: Uint8Array): void {
  const length = reader.u16();
  if (length > reader.remaining) throw new ProtocolError("truncated");
  if (length > COORDINATE_LENGTH) throw new ProtocolError("bad_coordinate_length");
  target.set(reader.bytes(length), COORDINATE_LENGTH - length);
}

/** The key that decrypts, if the MAC fits this shared secret. */
function authenticate(envelope: Envelope, sharedX: Uint8Array): Uint8Array | null {
  const keys = deriveKeys(sharedX);
  const expected = hmacSha256(keys.authentication, envelope.authenticated);
  return timingSafeEqual(expected, envelope.mac) ? keys.encryption : null;
}

function decipher({ iv, ciphertext }: Envelope, key: Uint8Array): Uint8Array {
  if (ciphertext.length === 0 || ciphertext.length % BLOCK_LENGTH !== 0) {
    throw new ProtocolError("bad_ciphertext_length");
  }
  const cipher = createDecipheriv("aes-256-cbc", key, iv);
  try {
    return concatBytes(cipher.update(ciphertext), cipher.final());
  } catch {
    throw new ProtocolError("bad_padding");
  }
}

/**
 * Decrypts with one private key (PROTOCOL.md section 12.1). Never tell the sender about a failure.
 * @throws ProtocolError `truncated`, `bad_coordinate_length`, `unsupported_curve`, `invalid_point`, `mac_mismatch`,
 *   `bad_ciphertext_length`, `bad_padding`; `invalid_private_key`
 */
export function decrypt(encrypted: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const envelope = openEnvelope(encrypted);
  const key = authenticate(envelope, curve.sharedX(privateKey, envelope.ephemeralKey));
  if (key === null) throw new ProtocolError("mac_mismatch");
  return decipher(envelope, key);
}

/** Tries many own keys on one ciphertext after the other. */
export interface TrialDecryptor {
  /**
   * The position of the key that fits, and what it decrypts; null when none does or the bytes are malformed. All keys are tried
   * even after one has fitted, so that the time tells nothing about which it was.
   */
  tryDecrypt(encrypted: Uint8Array): { index: number; plaintext: Uint8Array } | null;
}

/**
 * Prepares own encryption keys for trial decryption: per ciphertext the ephemeral key is parsed once, and each key costs one
 * multiplication, one SHA-512 and one HMAC.
 * @param keys private keys of 32 bytes
 * @param on the implementation of the curve
 * @throws ProtocolError `invalid_private_key`
 */
export function createTrialDecryptor(
  keys: readonly { privateKey: Uint8Array }[],
  on: Curve = curve,
): TrialDecryptor {
  const agree = on.prepare(keys.map((key) => asBytes(key.privateKey)));
  return {
    tryDecrypt(encrypted) {
      if (keys.length === 0) return null;
      try {
        const envelope = openEnvelope(encrypted, on);
        const sharedX = agree(envelope.ephemeralKey);
        let found: { index: number; key: Uint8Array } | null = null;
        for (let index = 0; index < keys.length; index++) {
          const key = authenticate(envelope, sharedX(index));
          if (key !== null) found ??= { index, key };
        }
        return found && { index: found.index, plaintext: decipher(envelope, found.key) };
      } catch (error) {
        if (error instanceof ProtocolError) return null;
        throw error;
      }
    },
  };
}
