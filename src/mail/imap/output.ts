import type { Octets } from "./format.js";

/** Where responses go: a socket, seen from here. */
export interface OutputStream {
  write(bytes: Uint8Array): boolean;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
}

const LARGE = 32 * 1024;
/** As much may wait in the socket before the session waits for the client to read. */
const HIGH_WATER = 256 * 1024;

/**
 * Collects responses and writes them at once. A session awaits `ready` between responses: while the client does not read, it
 * waits there, and with it only this client's memory stands still.
 */
export class ResponseWriter {
  #parts: (Octets | Uint8Array)[] = [];
  #size = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(private stream: OutputStream) {}

  /** STARTTLS: what follows goes to the encrypted stream. */
  replaceStream(stream: OutputStream): void {
    this.flush();
    this.stream = stream;
  }

  /** Adds octets of a response. */
  add(part: Octets | Uint8Array): void {
    if (this.#closed) return;
    this.#parts.push(part);
    this.#size += part.length;
  }

  /** Adds a whole response line. */
  line(text: Octets): void {
    this.add(`${text}\r\n`);
  }

  /** Octets that the client has not taken. */
  get pending(): number {
    return this.#size + this.stream.writableLength;
  }

  /** Whether the client reads so slowly that nothing should be written. */
  get blocked(): boolean {
    return this.pending > HIGH_WATER;
  }

  get closed(): boolean {
    return this.#closed;
  }

  flush(): void {
    if (this.#size === 0 || this.#closed) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#size = 0;
    this.stream.cork();
    let small: Octets[] = [];
    for (const part of parts) {
      if (typeof part === "string") small.push(part);
      else if (part.length < LARGE)
        small.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("latin1"));
      else {
        if (small.length > 0) this.stream.write(Buffer.from(small.join(""), "latin1"));
        small = [];
        this.stream.write(part);
      }
    }
    if (small.length > 0) this.stream.write(Buffer.from(small.join(""), "latin1"));
    this.stream.uncork();
  }

  /** Resolves when more may be written, or the connection is closed. */
  ready(): Promise<void> | undefined {
    if (this.#closed || this.pending <= HIGH_WATER) return undefined;
    this.flush();
    if (this.stream.writableLength <= HIGH_WATER) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The stream has drained. */
  drained(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  close(): void {
    this.#closed = true;
    this.#parts = [];
    this.#size = 0;
    this.drained();
  }
}
