import { bytesToInteger, decodeBase58, encodeBase58, integerToBytes } from "./base58.js";
import { ByteReader, concatBytes, equalBytes } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { doubleSha512, sha512 } from "./hash.js";
import { encodeVarint } from "./varint.js";

/** The canonical text of an address, "BM-…". */
export type Address = string & { readonly __address: unique symbol };

/** What an address is made of. */
export interface AddressParts {
  /** 2, 3 or 4 */
  version: number;
  stream: number;
  /** 20 bytes, leading zeros included */
  ripe: Uint8Array;
}

export interface DecodedAddress extends AddressParts {
  address: Address;
}

const PREFIX = "BM-";
const RIPE_LENGTH = 20;
const CHECKSUM_LENGTH = 4;

/**
 * The canonical text of an address (PROTOCOL.md section 11.2).
 * @param ripe 20 bytes
 * @throws ProtocolError `unsupported_version` unless 2, 3 or 4; `wrong_length` for another length of ripe
 */
export function encodeAddress(version: number, stream: number, ripe: Uint8Array): Address {
  if (version < 2 || version > 4) throw new ProtocolError("unsupported_version");
  if (ripe.length !== RIPE_LENGTH) throw new ProtocolError("wrong_length", "ripe has 20 bytes");
  const data = concatBytes(encodeVarint(version), encodeVarint(stream), trimRipe(version, ripe));
  const checksum = doubleSha512(data).subarray(0, CHECKSUM_LENGTH);
  return (PREFIX + encodeBase58(bytesToInteger(concatBytes(data, checksum)))) as Address;
}

function trimRipe(version: number, ripe: Uint8Array): Uint8Array {
  const most = version === 4 ? RIPE_LENGTH : 2;
  let zeros = 0;
  while (zeros < most && ripe[zeros] === 0) zeros++;
  return ripe.subarray(zeros);
}

/** Reading takes long division and two hashes, and the same few addresses are read over and over. */
const recentlyDecoded = new Map<string, DecodedAddress>();
const MOST_REMEMBERED = 1000;

/**
 * Reads the text of an address; outer blanks and a missing "BM-" are forgiven, and the canonical text is returned
 * (PROTOCOL.md section 11.2).
 * @throws ProtocolError `invalid_character`, `too_large`, `bad_checksum`, `malformed_varint`, `truncated`, `unsupported_version`
 *   (anything but 2, 3 and 4), `ripe_too_short`, `ripe_too_long`, `ripe_has_leading_zero`
 */
export function decodeAddress(text: string): DecodedAddress {
  const known = recentlyDecoded.get(text);
  const decoded = known ?? decode(text);
  if (!known) {
    if (recentlyDecoded.size >= MOST_REMEMBERED) recentlyDecoded.clear();
    recentlyDecoded.set(text, decoded);
  }
  return { ...decoded, ripe: decoded.ripe.slice() };
}

function decode(text: string): DecodedAddress {
  const trimmed = text.trim();
  const digits = trimmed.startsWith(PREFIX) ? trimmed.slice(PREFIX.length) : trimmed;
  const bytes = integerToBytes(decodeBase58(digits));
  const end = bytes.length - CHECKSUM_LENGTH;
  if (end < 0) throw new ProtocolError("bad_checksum");
  const data = bytes.subarray(0, end);
  const checksum = doubleSha512(data).subarray(0, CHECKSUM_LENGTH);
  if (!equalBytes(bytes.subarray(end), checksum)) throw new ProtocolError("bad_checksum");
  const reader = new ByteReader(data);
  const version = addressVarint(reader);
  if (version < 2n || version > 4n) throw new ProtocolError("unsupported_version");
  const stream = Number(addressVarint(reader));
  const ripe = padRipe(Number(version), reader.rest());
  return { version: Number(version), stream, ripe, address: encodeAddress(Number(version), stream, ripe) };
}

function addressVarint(reader: ByteReader): bigint {
  try {
    return reader.varint();
  } catch {
    throw new ProtocolError("malformed_varint");
  }
}

function padRipe(version: number, trimmed: Uint8Array): Uint8Array {
  if (trimmed.length > RIPE_LENGTH) throw new ProtocolError("ripe_too_long");
  if (trimmed.length < (version === 4 ? 4 : 18)) throw new ProtocolError("ripe_too_short");
  if (version === 4 && trimmed[0] === 0) throw new ProtocolError("ripe_has_leading_zero");
  const ripe = new Uint8Array(RIPE_LENGTH);
  ripe.set(trimmed, RIPE_LENGTH - trimmed.length);
  return ripe;
}

/** What everybody who knows an address can compute from it. */
export interface AddressSecrets {
  /** 32 bytes; version 4: opens its pubkey objects and its broadcasts; versions 2 and 3: opens its broadcasts */
  privateKey: Uint8Array;
  /** 32 bytes under which version 4 publishes; null for versions 2 and 3 */
  tag: Uint8Array | null;
}

/** varint(version) || varint(stream) || ripe, the ripe untrimmed: what the derived keys are hashes of. */
export function addressData(address: AddressParts): Uint8Array {
  return concatBytes(encodeVarint(address.version), encodeVarint(address.stream), address.ripe);
}

/** The keys derived from an address (PROTOCOL.md section 11.3). */
export function addressSecrets(address: AddressParts): AddressSecrets {
  const data = addressData(address);
  if (address.version < 4) return { privateKey: sha512(data).slice(0, 32), tag: null };
  const double = doubleSha512(data);
  return { privateKey: double.slice(0, 32), tag: double.slice(32, 64) };
}
