import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  verify as nodeVerify,
} from "node:crypto";
import { createRequire } from "node:module";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as portableSha256 } from "@noble/hashes/sha2.js";
import { getPublicKey, getSharedSecret, hashes, Point, sign, utils, verify } from "@noble/secp256k1";
import { asBytes, equalBytes, fromHex } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { sha1, sha256 } from "./hash.js";

hashes.sha256 = portableSha256;
hashes.hmacSha256 = (key, message) => hmac(portableSha256, key, message);

/** What a message is hashed with before it is signed. */
export type SignatureDigest = "sha256" | "sha1";

/**
 * The curve secp256k1. Private keys have 32 bytes, public keys 65 (`04` || X || Y), signatures 64 (r || s).
 */
export interface Curve {
  readonly name: "noble" | "node" | "native";
  /** @throws ProtocolError `invalid_private_key` */
  publicKey(privateKey: Uint8Array): Uint8Array;
  /** Whether these are the 65 bytes of a point on the curve. */
  isPoint(publicKey: Uint8Array): boolean;
  /**
   * The X coordinate, as exactly 32 bytes, of the private key times the point.
   * @throws ProtocolError `invalid_private_key`, `invalid_point`
   */
  sharedX(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /**
   * Prepares many private keys for one public key after the other. The inner function gives `sharedX` by the index of
   * the private key; the public key must be a point.
   */
  prepare(privateKeys: readonly Uint8Array[]): (publicKey: Uint8Array) => (index: number) => Uint8Array;
  /** A deterministic signature (RFC 6979) with low S. @throws ProtocolError `invalid_private_key` */
  sign(message: Uint8Array, digest: SignatureDigest, privateKey: Uint8Array): Uint8Array;
  /** High and low S are both fine. The public key must be a point. */
  verify(message: Uint8Array, digest: SignatureDigest, signature: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Whether these are the 32 bytes of a number from 1 to the order of the curve less one. */
export function isPrivateKey(privateKey: Uint8Array): boolean {
  return privateKey.length === 32 && utils.isValidSecretKey(privateKey);
}

function requirePrivateKey(privateKey: Uint8Array): void {
  if (!isPrivateKey(privateKey)) throw new ProtocolError("invalid_private_key");
}

/** The hash as the number that is signed: SHA-1 is padded on the left. */
function digestOf(message: Uint8Array, digest: SignatureDigest): Uint8Array {
  if (digest === "sha256") return sha256(message);
  const padded = new Uint8Array(32);
  padded.set(sha1(message), 12);
  return padded;
}

function isUncompressedPoint(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 65 || publicKey[0] !== 4) return false;
  try {
    Point.fromBytes(asBytes(publicKey)).assertValidity();
    return true;
  } catch {
    return false;
  }
}

function requirePoint(publicKey: Uint8Array): void {
  if (!isUncompressedPoint(publicKey)) throw new ProtocolError("invalid_point");
}

/** Pure JavaScript: present everywhere, and the measure for the others. */
export const nobleCurve: Curve = {
  name: "noble",
  publicKey(privateKey) {
    requirePrivateKey(privateKey);
    return getPublicKey(privateKey, false);
  },
  isPoint: isUncompressedPoint,
  sharedX(privateKey, publicKey) {
    requirePrivateKey(privateKey);
    requirePoint(publicKey);
    return getSharedSecret(privateKey, publicKey, true).slice(1, 33);
  },
  prepare(privateKeys) {
    return (publicKey) => (index) => nobleCurve.sharedX(privateKeys[index]!, publicKey);
  },
  sign(message, digest, privateKey) {
    requirePrivateKey(privateKey);
    return sign(digestOf(message, digest), privateKey, { prehash: false, lowS: true, format: "compact" });
  },
  verify(message, digest, signature, publicKey) {
    const options = { prehash: false, lowS: false, format: "compact" } as const;
    return verify(signature, digestOf(message, digest), publicKey, options);
  },
};

function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function publicJwk(publicKey: Uint8Array) {
  return {
    kty: "EC",
    crv: "secp256k1",
    x: toBase64Url(publicKey.subarray(1, 33)),
    y: toBase64Url(publicKey.subarray(33, 65)),
  };
}

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ format: "jwk", key: publicJwk(publicKey) });
}

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const key = { ...publicJwk(nobleCurve.publicKey(privateKey)), d: toBase64Url(privateKey) };
  return createPrivateKey({ format: "jwk", key });
}

/** node:crypto where it is faster than JavaScript; keys and signatures stay with noble, which is faster there. */
export const nodeCurve: Curve = {
  ...nobleCurve,
  name: "node",
  sharedX(privateKey, publicKey) {
    requirePrivateKey(privateKey);
    requirePoint(publicKey);
    return nodeCurve.prepare([privateKey])(publicKey)(0);
  },
  prepare(privateKeys) {
    const keys = privateKeys.map(privateKeyObject);
    return (bytes) => {
      const publicKey = publicKeyObject(bytes);
      return (index) => asBytes(diffieHellman({ privateKey: keys[index]!, publicKey }));
    };
  },
  verify(message, digest, signature, publicKey) {
    const key = publicKeyObject(publicKey);
    return nodeVerify(digest, message, { key, dsaEncoding: "ieee-p1363" }, signature);
  },
};

/** The calls we use of the optional package secp256k1. */
interface Addon {
  publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyVerify(publicKey: Uint8Array): boolean;
  ecdh(
    publicKey: Uint8Array,
    privateKey: Uint8Array,
    options: { hashfn: (x: Uint8Array, y: Uint8Array) => Uint8Array },
    output: Uint8Array,
  ): Uint8Array;
  ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array };
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  signatureNormalize(signature: Uint8Array): Uint8Array;
}

/** The addon would hash the shared point; Bitmessage wants its X coordinate as it is. */
const keepX = { hashfn: (x: Uint8Array): Uint8Array => x };

function nativeCurveOf(addon: Addon): Curve {
  const multiply = (privateKey: Uint8Array, publicKey: Uint8Array) =>
    asBytes(addon.ecdh(publicKey, privateKey, keepX, new Uint8Array(32)));
  const isPoint = (publicKey: Uint8Array) =>
    publicKey.length === 65 && publicKey[0] === 4 && addon.publicKeyVerify(publicKey);
  return {
    name: "native",
    isPoint,
    publicKey(privateKey) {
      requirePrivateKey(privateKey);
      return asBytes(addon.publicKeyCreate(privateKey, false));
    },
    sharedX(privateKey, publicKey) {
      requirePrivateKey(privateKey);
      if (!isPoint(publicKey)) throw new ProtocolError("invalid_point");
      return multiply(privateKey, publicKey);
    },
    prepare(privateKeys) {
      for (const privateKey of privateKeys) requirePrivateKey(privateKey);
      return (publicKey) => (index) => multiply(privateKeys[index]!, publicKey);
    },
    sign(message, digest, privateKey) {
      requirePrivateKey(privateKey);
      return asBytes(addon.ecdsaSign(digestOf(message, digest), privateKey).signature);
    },
    verify(message, digest, signature, publicKey) {
      // It takes low S only, and changes the signature in place.
      const normalized = addon.signatureNormalize(Uint8Array.from(signature));
      return addon.ecdsaVerify(normalized, digestOf(message, digest), publicKey);
    },
  };
}

/** The private key 2 with its public key, and signatures made with it, after SHA-256 and after SHA-1: known answers, as computing them takes noble 40 ms. */
const KNOWN = {
  privateKey: fromHex("02".padStart(64, "0")),
  generator: fromHex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
  ),
  publicKey: fromHex(
    "04c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee51ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a",
  ),
  message: new TextEncoder().encode("bitmessage"),
  signature: fromHex(
    "3274869d269cab8126ef0aa6ade3f57c1bbdcd9222a8330ed0f893b4e8b08a327d0754f31b85b050e04659466a6b77d0ef063e07d46879bf26b54d502a5b4474",
  ),
  sha1Signature: fromHex(
    "3894f698f9a5a9667b3303302eaf719b0b99b7219ffb0b9a6bd17f8734db1dfc5e9c623c66ff07acda4833347bbd9c14709e4b662b51c6b2ac1d3b0219d2f05e",
  ),
};

/**
 * Whether a curve gives the known answers; may throw what the curve throws. A foreign build must prove itself before keys are given to
 * it. Some systems forbid their OpenSSL signatures with SHA-1, which old programs still make.
 */
export function givesKnownAnswers(curve: Curve): boolean {
  const { privateKey, generator, publicKey, message, signature, sha1Signature } = KNOWN;
  return (
    equalBytes(curve.publicKey(privateKey), publicKey) &&
    equalBytes(curve.sharedX(privateKey, generator), publicKey.subarray(1, 33)) &&
    equalBytes(curve.sign(message, "sha256", privateKey), signature) &&
    curve.verify(message, "sha256", signature, publicKey) &&
    curve.verify(message, "sha1", sha1Signature, publicKey) &&
    !curve.verify(publicKey, "sha256", signature, publicKey)
  );
}

/**
 * The optional native library, or null where it has no binary. `bindings.js` and not the package itself, which would fall
 * back to slow JavaScript in silence.
 */
export function loadNativeCurve(
  load: (name: string) => unknown = createRequire(import.meta.url),
): Curve | null {
  try {
    const curve = nativeCurveOf(load("secp256k1/bindings.js") as Addon);
    return givesKnownAnswers(curve) ? curve : null;
  } catch {
    return null;
  }
}

/** node:crypto, or null where its build has not this curve. */
export function loadNodeCurve(): Curve | null {
  try {
    return givesKnownAnswers(nodeCurve) ? nodeCurve : null;
  } catch {
    return null;
  }
}

/** The fastest curve that this machine has. */
export const curve: Curve = loadNativeCurve() ?? loadNodeCurve() ?? nobleCurve;
