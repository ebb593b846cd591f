import { type Address, type AddressParts, encodeAddress } from "./address.js";
import { concatBytes } from "./bytes.js";
import { curve, isPrivateKey } from "./curve.js";
import { ProtocolError } from "./errors.js";
import { ripemd160, sha512 } from "./hash.js";
import type { RandomBytes } from "./random.js";
import { encodeVarint } from "./varint.js";

export interface KeyPair {
  /** 32 bytes */
  privateKey: Uint8Array;
  /** 65 bytes, `04` || X || Y */
  publicKey: Uint8Array;
}

/** The two key pairs behind an address (PROTOCOL.md section 11.1). */
export interface IdentityKeys {
  signing: KeyPair;
  encryption: KeyPair;
  /** 20 bytes */
  ripe: Uint8Array;
}

/** Leading zero bytes that a new ripe shall have: 1, or 2 for a shorter address. */
export interface KeySearch {
  nullBytes: 1 | 2;
}

/** @throws ProtocolError `invalid_private_key` */
export function keyPair(privateKey: Uint8Array): KeyPair {
  return { privateKey, publicKey: curve.publicKey(privateKey) };
}

/** RIPEMD160(SHA512(signing key || encryption key)), 20 bytes; both keys have 65 bytes (PROTOCOL.md section 11.1). */
export function ripeOf(signingPublicKey: Uint8Array, encryptionPublicKey: Uint8Array): Uint8Array {
  return ripemd160(sha512(concatBytes(signingPublicKey, encryptionPublicKey)));
}

/** The identity of two private keys. @throws ProtocolError `invalid_private_key` */
export function identityKeys(signingPrivateKey: Uint8Array, encryptionPrivateKey: Uint8Array): IdentityKeys {
  const signing = keyPair(signingPrivateKey);
  const encryption = keyPair(encryptionPrivateKey);
  return { signing, encryption, ripe: ripeOf(signing.publicKey, encryption.publicKey) };
}

/** A fresh private key: 32 bytes. */
export function randomPrivateKey(random: RandomBytes): Uint8Array {
  for (;;) {
    const privateKey = random(32);
    if (isPrivateKey(privateKey)) return privateKey;
  }
}

/**
 * A new random identity: one signing key, and encryption keys until the ripe starts with the wanted zeros (PROTOCOL.md
 * section 11.1). Takes about 256 tries for one zero byte and 65,536 for two.
 */
export function generateIdentityKeys(random: RandomBytes, options: KeySearch): IdentityKeys {
  return finished(searchIdentityKeys(random, options));
}

/** The same, for who has other things to do in between: yields after each try that failed, returns the keys. */
export function* searchIdentityKeys(random: RandomBytes, options: KeySearch): IdentityKeySearch {
  const signing = keyPair(randomPrivateKey(random));
  for (;;) {
    const encryption = keyPair(randomPrivateKey(random));
    const ripe = ripeOf(signing.publicKey, encryption.publicKey);
    if (startsWithZeros(ripe, options.nullBytes)) return { signing, encryption, ripe };
    yield;
  }
}

/** A search for keys: yields after each try that failed. */
export type IdentityKeySearch<Keys extends IdentityKeys = IdentityKeys> = Generator<
  undefined,
  Keys,
  undefined
>;

function finished<Keys extends IdentityKeys>(search: IdentityKeySearch<Keys>): Keys {
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
  }
}

function startsWithZeros(ripe: Uint8Array, count: number): boolean {
  for (let index = 0; index < count; index++) if (ripe[index] !== 0) return false;
  return true;
}

/** An identity from a passphrase, with the numbers at which its keys were found. */
export interface DeterministicIdentity extends IdentityKeys {
  signingNonce: number;
  encryptionNonce: number;
}

/**
 * The identities of a passphrase, one after the other without end (PROTOCOL.md section 11.4).
 * @param passphrase text stands for its UTF-8 bytes; blanks count
 */
export function* deterministicIdentities(
  passphrase: string | Uint8Array,
  options: KeySearch,
): Generator<DeterministicIdentity, never, undefined> {
  for (let nonce = 0; ; ) {
    const found = finished(searchDeterministicIdentity(passphrase, options, nonce));
    yield found;
    nonce = found.signingNonce + 2;
  }
}

/**
 * The first of these identities, for who has other things to do in between: yields after each try that failed, returns the identity.
 * @param firstNonce the number of the signing key to begin with: even
 */
export function* searchDeterministicIdentity(
  passphrase: string | Uint8Array,
  options: KeySearch,
  firstNonce = 0,
): IdentityKeySearch<DeterministicIdentity> {
  const bytes = typeof passphrase === "string" ? new TextEncoder().encode(passphrase) : passphrase;
  for (let signingNonce = firstNonce; ; signingNonce += 2) {
    const encryptionNonce = signingNonce + 1;
    const signingKey = derivedPrivateKey(bytes, signingNonce);
    const encryptionKey = derivedPrivateKey(bytes, encryptionNonce);
    if (isPrivateKey(signingKey) && isPrivateKey(encryptionKey)) {
      const keys = identityKeys(signingKey, encryptionKey);
      if (startsWithZeros(keys.ripe, options.nullBytes)) return { ...keys, signingNonce, encryptionNonce };
    }
    yield;
  }
}

function derivedPrivateKey(passphrase: Uint8Array, nonce: number): Uint8Array {
  return sha512(concatBytes(passphrase, encodeVarint(nonce))).slice(0, 32);
}

/** A chan: the first identity of its name, as a version 4 address in stream 1 (PROTOCOL.md section 11.4). */
export function chanIdentity(passphrase: string): DeterministicIdentity & { address: Address } {
  const identity = deterministicIdentities(passphrase, { nullBytes: 1 }).next().value;
  return { ...identity, address: encodeAddress(4, 1, identity.ripe) };
}

/**
 * The identity of a chan whose name and address were told: both must belong together (PROTOCOL.md section 11.4).
 * @throws ProtocolError `passphrase_does_not_match_address`
 */
export function joinChan(
  passphrase: string,
  address: AddressParts & { address: Address },
): DeterministicIdentity & { address: Address } {
  const identity = deterministicIdentities(passphrase, { nullBytes: 1 }).next().value;
  if (encodeAddress(address.version, address.stream, identity.ripe) !== address.address) {
    throw new ProtocolError("passphrase_does_not_match_address");
  }
  return { ...identity, address: address.address };
}
