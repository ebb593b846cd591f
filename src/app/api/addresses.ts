import { type Address, type DecodedAddress, decodeAddress } from "../../bitmessage/protocol/address.js";
import { decodeBase58, integerToBytes } from "../../bitmessage/protocol/base58.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { ApiError, apiError } from "./errors.js";

/** @throws ApiError 7 to 12, 26 */
export function verifyAddress(text: string): DecodedAddress {
  let decoded: DecodedAddress;
  try {
    decoded = decodeAddress(text);
  } catch (error) {
    if (error instanceof ProtocolError) throw refusal(text, error);
    throw error;
  }
  if (decoded.stream !== 1) throw apiError(12);
  return decoded;
}

/** The canonical form where it is an address, else the text as it is. */
export function canonicalAddress(text: string): Address {
  try {
    return decodeAddress(text).address;
  } catch (error) {
    if (error instanceof ProtocolError) return text as Address;
    throw error;
  }
}

function refusal(text: string, { code }: ProtocolError): ApiError {
  const shown = text.slice(0, 200);
  switch (code) {
    case "bad_checksum":
      // To PyBitmessage a text without a digit is one of wrong characters.
      if (numberOf(text) === 0n) return new ApiError(9, `Invalid characters in address: ${shown}`);
      return new ApiError(8, `Checksum failed for address: ${shown}`);
    case "invalid_character":
      return new ApiError(9, `Invalid characters in address: ${shown}`);
    case "malformed_varint":
      return new ApiError(26, `Malformed varint in address: ${shown}`);
    case "unsupported_version":
      return versionOf(text) === 1
        ? apiError(11)
        : new ApiError(10, `Address version number too high (or zero) in address: ${shown}`);
    default:
      return new ApiError(7, `Could not decode address: ${shown} : ${code.replaceAll("_", "")}`);
  }
}

function versionOf(text: string): number | undefined {
  return integerToBytes(numberOf(text))[0];
}

function numberOf(text: string): bigint {
  return decodeBase58(text.trim().replace(/^BM-/, ""));
}
