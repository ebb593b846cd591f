import type { MimePart } from "./part.js";

export { decodeText } from "./charset.js";

/** The body of a part without its transfer encoding (RFC 2045 section 6). Reads what is wrong as well as it can; an unknown encoding stays. */
export function decodeBody(
  bytes: Uint8Array,
  part: Pick<MimePart, "bodyStart" | "bodyEnd" | "encoding">,
): Uint8Array {
  const body = bytes.subarray(part.bodyStart, part.bodyEnd);
  if (part.encoding === "base64") return decodeBase64(body);
  if (part.encoding === "quoted-printable") return decodeQuotedPrintable(body);
  return body;
}

const PADDING = 64;
const NO_DIGIT = 255;

const base64Values = (() => {
  const values = new Uint8Array(256).fill(NO_DIGIT);
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let value = 0; value < 64; value++) values[digits.charCodeAt(value)] = value;
  values["=".charCodeAt(0)] = PADDING;
  return values;
})();

/** Base64 (RFC 2045 section 6.8): other characters are skipped, padding ends a group and need not be the end. */
export function decodeBase64(encoded: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(Math.ceil((encoded.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let digits = 0;
  for (let position = 0; position < encoded.length; position++) {
    const value = base64Values[encoded[position]!]!;
    if (value < PADDING) {
      bits = (bits << 6) | value;
      digits++;
      if (digits > 1) decoded[length++] = (bits >> (8 - digits * 2)) & 255;
      if (digits === 4) {
        bits = 0;
        digits = 0;
      }
    } else if (value === PADDING) {
      bits = 0;
      digits = 0;
    }
  }
  return decoded.subarray(0, length);
}

const EQUALS = 61;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Quoted-printable (RFC 2045 section 6.7): white space at a line's end is dropped, a wrong escape stays as it is. */
export function decodeQuotedPrintable(encoded: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(encoded.length);
  let length = 0;
  let position = 0;
  while (position < encoded.length) {
    const lineFeed = encoded.indexOf(LINE_FEED, position);
    const next = lineFeed < 0 ? encoded.length : lineFeed + 1;
    let end = lineFeed < 0 ? encoded.length : lineFeed;
    const hasReturn = lineFeed > position && encoded[lineFeed - 1] === CARRIAGE_RETURN;
    const lineEnd = hasReturn ? lineFeed - 1 : end;
    end = lineEnd;
    while (end > position && (encoded[end - 1] === 32 || encoded[end - 1] === 9)) end--;
    const isSoft = end > position && encoded[end - 1] === EQUALS;
    if (isSoft) end--;
    length = decodeLine(encoded, position, end, decoded, length);
    if (!isSoft && lineFeed >= 0) {
      if (hasReturn) decoded[length++] = CARRIAGE_RETURN;
      decoded[length++] = LINE_FEED;
    }
    position = next;
  }
  return decoded.subarray(0, length);
}

function decodeLine(
  encoded: Uint8Array,
  start: number,
  end: number,
  decoded: Uint8Array,
  at: number,
): number {
  let length = at;
  for (let position = start; position < end; position++) {
    const octet = encoded[position]!;
    if (octet === EQUALS && position + 2 < end) {
      const high = hexValue(encoded[position + 1]!);
      const low = hexValue(encoded[position + 2]!);
      if (high >= 0 && low >= 0) {
        decoded[length++] = high * 16 + low;
        position += 2;
        continue;
      }
    }
    decoded[length++] = octet;
  }
  return length;
}

function hexValue(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  if (octet >= 65 && octet <= 70) return octet - 55;
  if (octet >= 97 && octet <= 102) return octet - 87;
  return -1;
}
