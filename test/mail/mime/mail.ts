/** Mail written as a template: line ends become CR LF. */
export function mail(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\r?\n/g, "\r\n"), "latin1"));
}

export function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("latin1");
}
