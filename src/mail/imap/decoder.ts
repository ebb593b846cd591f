/**
 * From octets to commands. A command is a run of lines joined by literals (RFC 9051 section 4.3, RFC 7888); the decoder finds
 * its end without understanding it, so that nothing a parser may think of a command can put the stream out of step.
 *
 * The decoder is pulled: it looks at buffered octets only when the command before has been answered. What a client sent ahead
 * is therefore still undecoded when STARTTLS, AUTHENTICATE or IDLE change the meaning of the stream.
 */

/** One line of a command, a latin1 string without its line end; `literal` follows it when it ends in `{n}`. */
export interface Segment {
  readonly text: string;
  readonly literal: Uint8Array | null;
}

export type DecoderEvent =
  | { readonly type: "command"; readonly segments: readonly Segment[] }
  /** A synchronising literal was announced and may come: the client waits for `+`. */
  | { readonly type: "continue" }
  /** The command was read to its end (or will not be sent) but is not to be obeyed. */
  | { readonly type: "refused"; readonly segments: readonly Segment[]; readonly reason: Refusal }
  /** The stream cannot be understood any more: say BYE. */
  | { readonly type: "fatal"; readonly reason: Refusal };

export type Refusal = "line-too-long" | "literal-too-big" | "bad-literal";

export interface DecoderLimits {
  /** Octets of text of one command. */
  readonly line: number;
  /** Octets of the next literal of a command that has come so far. */
  literal(segments: readonly Segment[], text: string): number;
}

const LF = 0x0a;
/** More than this is not eaten to keep the connection. */
const GREATEST_EATEN = 4 * 1024 ** 3;

type Phase =
  | { readonly name: "line" }
  | { readonly name: "literal"; readonly size: number }
  /** Too long: dropped up to the line end, `tail` keeps a literal marker in sight. */
  | { readonly name: "skip-line"; tail: string }
  | { readonly name: "skip-literal"; left: number };

export class CommandDecoder {
  readonly #chunks: Uint8Array[] = [];
  #buffered = 0;
  /** Octets of the buffer in which no line end was found. */
  #scanned = 0;
  #segments: Segment[] = [];
  #text = "";
  #textLength = 0;
  #phase: Phase = { name: "line" };
  #refusal: Refusal | null = null;

  constructor(public limits: DecoderLimits) {}

  /** Octets that wait to be decoded. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Octets of an announced literal that are still to come. */
  get missing(): number {
    return this.#phase.name === "literal" ? Math.max(0, this.#phase.size - this.#buffered) : 0;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#buffered += chunk.length;
    const last = this.#chunks.at(-1);
    // Many small chunks are joined, or looking through them would take quadratic time.
    if (last && last.length + chunk.length <= 4096)
      this.#chunks[this.#chunks.length - 1] = Buffer.concat([last, chunk]);
    else this.#chunks.push(chunk);
  }

  /** Forgets all that has come and not been decoded (RFC 9051 section 11.1: before STARTTLS takes effect). */
  discard(): void {
    this.#chunks.length = 0;
    this.#buffered = 0;
    this.#scanned = 0;
    this.#reset();
  }

  /** The next command, or null when more octets are needed. Blank lines between commands are passed over. */
  next(): DecoderEvent | null {
    for (;;) {
      const event = this.#step();
      if (event) return event === "more" ? null : event;
    }
  }

  /** A single line that is not a command (an answer to `+`), without its end; null when it has not come. Of a longer one than `limit` only the beginning. */
  nextLine(limit: number): string | null {
    const line = this.peekLine(limit);
    if (line !== null) this.#take(Math.min(this.#buffered, this.#findLineEnd() + 1 || limit));
    return line;
  }

  /** The same, but the line stays in the buffer. */
  peekLine(limit: number): string | null {
    const end = this.#findLineEnd();
    if (end < 0 && this.#buffered <= limit) return null;
    return withoutCarriageReturn(latin1(this.#join().subarray(0, end < 0 ? limit : Math.min(end, limit))));
  }

  #step(): DecoderEvent | "more" | null {
    switch (this.#phase.name) {
      case "line":
        return this.#line();
      case "literal":
        return this.#literal(this.#phase.size);
      case "skip-line":
        return this.#skipLine(this.#phase);
      case "skip-literal":
        return this.#skipLiteral(this.#phase);
    }
  }

  #line(): DecoderEvent | "more" | null {
    const end = this.#findLineEnd();
    if (this.#textLength + (end < 0 ? this.#buffered : end) > this.limits.line) {
      this.#text = latin1(this.#take(Math.min(this.#buffered, 64, end < 0 ? 64 : end)));
      if (this.#segments.length === 0) this.#segments.push({ text: this.#text, literal: null });
      this.#refusal = "line-too-long";
      this.#phase = { name: "skip-line", tail: this.#text };
      return null;
    }
    if (end < 0) return "more";
    this.#text = withoutCarriageReturn(latin1(this.#take(end + 1).subarray(0, end)));
    this.#textLength += end;
    return this.#endOfLine();
  }

  /** A whole line has been read into `#text`. */
  #endOfLine(): DecoderEvent | null {
    const marker = literalMarker(this.#text);
    if (!marker) {
      if (this.#segments.length === 0 && this.#text.trim() === "") {
        this.#reset();
        return null;
      }
      this.#segments.push({ text: this.#text, literal: null });
      return this.#finish();
    }
    if (marker.size > GREATEST_EATEN && marker.kind === "non-synchronising") {
      return { type: "fatal", reason: "literal-too-big" };
    }
    const tooBig = marker.size > this.limits.literal(this.#segments, this.#text);
    if (this.#refusal || tooBig) {
      this.#refusal ??= "literal-too-big";
      if (this.#segments.length === 0) this.#segments.push({ text: this.#text, literal: null });
      // A client that waits for `+` gets its refusal instead and sends nothing of the literal.
      if (marker.kind === "synchronising") return this.#finish();
      this.#phase = { name: "skip-literal", left: marker.size };
      return null;
    }
    this.#phase = { name: "literal", size: marker.size };
    return marker.kind === "synchronising" ? { type: "continue" } : null;
  }

  #literal(size: number): "more" | null {
    if (this.#buffered < size) return "more";
    // A copy: the octets outlive the chunk of the socket that they came in.
    this.#segments.push({ text: this.#text, literal: this.#take(size).slice() });
    this.#text = "";
    this.#phase = { name: "line" };
    return null;
  }

  #skipLine(phase: { tail: string }): DecoderEvent | "more" | null {
    const end = this.#findLineEnd();
    const taken = latin1(this.#take(end < 0 ? this.#buffered : end + 1));
    phase.tail = (phase.tail + taken).slice(-40);
    if (end < 0) return "more";
    this.#text = withoutCarriageReturn(phase.tail.slice(0, -1));
    const marker = literalMarker(this.#text);
    if (!marker || marker.kind === "synchronising") return this.#finish();
    if (marker.size > GREATEST_EATEN) return { type: "fatal", reason: "literal-too-big" };
    this.#phase = { name: "skip-literal", left: marker.size };
    return null;
  }

  #skipLiteral(phase: { left: number }): "more" | null {
    phase.left -= this.#take(Math.min(this.#buffered, phase.left)).length;
    if (phase.left > 0) return "more";
    this.#phase = { name: "skip-line", tail: "" };
    return null;
  }

  #finish(): DecoderEvent {
    const segments = this.#segments;
    const refusal = this.#refusal;
    this.#reset();
    return refusal ? { type: "refused", segments, reason: refusal } : { type: "command", segments };
  }

  #reset(): void {
    this.#segments = [];
    this.#text = "";
    this.#textLength = 0;
    this.#refusal = null;
    this.#phase = { name: "line" };
  }

  /** Offset of the next LF in the buffer, or -1. CRLF and a bare LF both end a line. */
  #findLineEnd(): number {
    let offset = 0;
    for (const chunk of this.#chunks) {
      if (offset + chunk.length > this.#scanned) {
        const found = chunk.indexOf(LF, Math.max(0, this.#scanned - offset));
        if (found >= 0) {
          this.#scanned = offset + found;
          return offset + found;
        }
      }
      offset += chunk.length;
    }
    this.#scanned = offset;
    return -1;
  }

  #join(): Uint8Array {
    if (this.#chunks.length > 1) {
      const joined = Buffer.concat(this.#chunks, this.#buffered);
      this.#chunks.length = 0;
      this.#chunks.push(joined);
    }
    return this.#chunks[0] ?? new Uint8Array(0);
  }

  #take(length: number): Uint8Array {
    this.#scanned = 0;
    this.#buffered -= length;
    const first = this.#chunks[0];
    if (!first || length === 0) return new Uint8Array(0);
    if (first.length === length) return this.#chunks.shift()!;
    if (first.length > length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const parts: Uint8Array[] = [];
    let left = length;
    let used = 0;
    while (left > 0) {
      const chunk = this.#chunks[used]!;
      if (chunk.length > left) {
        parts.push(chunk.subarray(0, left));
        this.#chunks[used] = chunk.subarray(left);
        left = 0;
      } else {
        parts.push(chunk);
        left -= chunk.length;
        used += 1;
      }
    }
    this.#chunks.splice(0, used);
    return Buffer.concat(parts, length);
  }
}

export interface LiteralMarker {
  readonly size: number;
  readonly kind: "synchronising" | "non-synchronising";
  /** literal8 of RFC 3516: may hold NUL. */
  readonly binary: boolean;
  /** Where the marker begins in its line. */
  readonly start: number;
}

const MARKER = /(~?)\{(\d{1,20})([+-]?)\}$/;

/** The literal that a line announces (RFC 9051 `literal`, `literal8`; RFC 7888 for `+`), or null. */
export function literalMarker(line: string): LiteralMarker | null {
  if (!line.endsWith("}")) return null;
  const match = MARKER.exec(line.slice(-30));
  if (!match) return null;
  return {
    size: Number(match[2]),
    kind: match[3] === "" ? "synchronising" : "non-synchronising",
    binary: match[1] === "~",
    start: line.length - match[0].length,
  };
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
