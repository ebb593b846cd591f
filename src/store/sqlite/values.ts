/** Between SQLite's values and ours. */

/** A plain array over the same memory, which better-sqlite3 has copied for us alone. */
export function plainBytes(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
}

export function plainBytesOrNull(blob: Uint8Array | null): Uint8Array | null {
  return blob === null ? null : plainBytes(blob);
}

/** SQLite knows no truth values, and better-sqlite3 refuses them. */
export function toInteger(truth: boolean): 0 | 1 {
  return truth ? 1 : 0;
}

/** 64 lower-case hex digits to 32 bytes. */
export function hexToBytes(hex: string): Uint8Array {
  return Buffer.from(hex, "hex");
}
