import { bytesToInteger, decodeBase58, encodeBase58, integerToBytes } from "./base58.js";
import { concatBytes, equalBytes } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { sha256 } from "./hash.js";

const PREFIX = 0x80;

/**
 * The text of a private key as PyBitmessage keeps it: 51 letters starting with 5 (PROTOCOL.md section 11.5).
 * @param privateKey 32 bytes
 * @throws ProtocolError `wrong_length`
 */
export function encodeWif(privateKey: Uint8Array): string {
  if (privateKey.length !== 32) throw new ProtocolError("wrong_length");
  const data = concatBytes(Uint8Array.of(PREFIX), privateKey);
  return encodeBase58(bytesToInteger(concatBytes(data, checksum(data))));
}

/**
 * The private key, 32 bytes, that a text stands for (PROTOCOL.md section 11.5). Outer blanks are forgiven.
 * @throws ProtocolError `invalid_character`, `bad_checksum`, `bad_prefix`, `wrong_length`
 */
export function decodeWif(text: string): Uint8Array {
  const bytes = integerToBytes(decodeBase58(text.trim()));
  const end = bytes.length - 4;
  if (end < 1) throw new ProtocolError("wrong_length");
  const data = bytes.subarray(0, end);
  if (!equalBytes(bytes.subarray(end), checksum(data))) throw new ProtocolError("bad_checksum");
  if (data[0] !== PREFIX) throw new ProtocolError("bad_prefix");
  if (data.length !== 33) throw new ProtocolError("wrong_length");
  return data.slice(1);
}

function checksum(data: Uint8Array): Uint8Array {
  return sha256(sha256(data)).subarray(0, 4);
}
