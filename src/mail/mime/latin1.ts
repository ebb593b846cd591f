/** Octets as a binary string, one UTF-16 unit of 0..255 for each octet, and back. */
export function latin1Decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, end);
}

export function latin1Encode(text: string): Uint8Array {
  const buffer = Buffer.from(text, "latin1");
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
