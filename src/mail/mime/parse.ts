import { trimEnd } from "./headers.js";
import { latin1Decode } from "./latin1.js";
import type { HeaderField, MimePart } from "./part.js";
import { type PartType, readPartDescription } from "./part-description.js";

export type { Disposition, HeaderField, MimePart } from "./part.js";

/** What a hostile message is held to; what is beyond stays part of the body that it is in. */
export interface MimeLimits {
  /** Multiparts and messages within each other. */
  readonly depth: number;
  /** Parts in all. */
  readonly parts: number;
  /** Fields in all; later ones stay unlisted. */
  readonly fields: number;
}

export const defaultMimeLimits: MimeLimits = { depth: 100, parts: 10_000, fields: 50_000 };

/**
 * Reads a message (RFC 5322, RFC 2045, RFC 2046) into a tree of offsets, in time linear in its length. Never throws: whatever
 * the octets are, they are a message. Takes line ends of LF and CR LF, a header without a body, a multipart without a last
 * boundary.
 */
export function parseMime(bytes: Uint8Array, limits: Partial<MimeLimits> = {}): MimePart {
  return new MimeReader(bytes, { ...defaultMimeLimits, ...limits }).read();
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const HYPHEN = 45;

const textPlain: PartType = { type: "text", subtype: "plain" };
const messageRfc822: PartType = { type: "message", subtype: "rfc822" };

/** A line that ends a part: the multipart it belongs to and whether it is the last one. */
interface Delimiter {
  /** Depth of the multipart. */
  readonly level: number;
  readonly kind: "next" | "last";
  /** Where the line starts, the line feeds before it, and the octets of the line end before it. */
  readonly start: number;
  readonly lines: number;
  readonly lineEndBefore: number;
}

interface Header {
  readonly start: number;
  readonly end: number;
  readonly fields: HeaderField[];
}

class MimeReader {
  /** Start of the next line. */
  private position = 0;
  /** Line feeds before `position`. */
  private lines = 0;
  /** Octets of the line end before `position`. */
  private lastLineEnd = 0;
  /** The delimiter just read. */
  private delimiter: Delimiter | null = null;
  /** Open boundaries, by their text, with the depth of their multipart. */
  private readonly boundaries = new Map<string, number>();
  private partCount = 0;
  private fieldCount = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limits: MimeLimits,
  ) {}

  read(): MimePart {
    return this.readPart(textPlain, 0);
  }

  private readPart(byDefault: PartType, depth: number): MimePart {
    this.partCount++;
    const header = this.readHeader();
    const { description, boundary } = readPartDescription(header.fields, byDefault);
    const linesBefore = this.lines;
    let children: MimePart[] = [];
    let message: MimePart | null = null;
    if (this.delimiter === null) {
      const mayNest = depth < this.limits.depth && this.partCount < this.limits.parts;
      if (mayNest && boundary !== "" && description.type === "multipart") {
        const childDefault = description.subtype === "digest" ? messageRfc822 : textPlain;
        children = this.readChildren(boundary, childDefault, depth);
      } else if (mayNest && holdsMessage(description)) {
        message = this.readPart(textPlain, depth + 1);
      } else {
        this.skipBody();
      }
    }
    const end = this.endOfBody(message?.bodyEnd ?? children.at(-1)?.bodyEnd ?? header.end);
    return {
      headerStart: header.start,
      headerEnd: header.end,
      bodyStart: header.end,
      bodyEnd: end.offset,
      fields: header.fields,
      ...description,
      children,
      message,
      lineCount: Math.max(0, end.lines - linesBefore),
    };
  }

  /**
   * Where a body ends: before the line end that belongs to the delimiter just read, or at the end of the message. That line end
   * may be the blank line of a header within, up to `innerEnd`; then it is the header's.
   */
  private endOfBody(innerEnd: number): { offset: number; lines: number } {
    const { delimiter } = this;
    if (delimiter === null) return { offset: this.bytes.length, lines: this.lines };
    const offset = delimiter.start - delimiter.lineEndBefore;
    if (offset < innerEnd) return { offset: innerEnd, lines: delimiter.lines };
    return { offset, lines: delimiter.lines - 1 };
  }

  private readChildren(boundary: string, byDefault: PartType, depth: number): MimePart[] {
    const outer = this.boundaries.get(boundary);
    this.boundaries.set(boundary, depth);
    const children: MimePart[] = [];
    this.skipBody();
    while (this.endsPartOf(depth, "next") && this.partCount < this.limits.parts) {
      this.delimiter = null;
      children.push(this.readPart(byDefault, depth + 1));
    }
    if (outer === undefined) this.boundaries.delete(boundary);
    else this.boundaries.set(boundary, outer);
    // The epilogue, or the parts beyond the limit.
    while (this.isDelimiterFrom(depth)) {
      this.delimiter = null;
      this.skipBody();
    }
    return children;
  }

  private endsPartOf(level: number, kind: Delimiter["kind"]): boolean {
    return this.delimiter !== null && this.delimiter.level === level && this.delimiter.kind === kind;
  }

  private isDelimiterFrom(level: number): boolean {
    return this.delimiter !== null && this.delimiter.level >= level;
  }

  private readHeader(): Header {
    const start = this.position;
    const fields: HeaderField[] = [];
    let fieldStart = -1;
    const finish = () => {
      if (fieldStart >= 0) this.addField(fields, fieldStart);
    };
    while (this.position < this.bytes.length) {
      const first = this.bytes[this.position]!;
      const delimiter = first === HYPHEN ? this.readDelimiter() : null;
      if (delimiter !== null) {
        const end = delimiter.start;
        if (fieldStart >= 0) this.addField(fields, fieldStart, end);
        return { start, end, fields };
      }
      const lineStart = this.position;
      if (first !== 32 && first !== 9) {
        finish();
        fieldStart = lineStart;
      } else if (fieldStart < 0) {
        fieldStart = lineStart;
      }
      this.skipLine();
      if (this.lastLineEnd > 0 && this.position - lineStart === this.lastLineEnd) {
        return { start, end: this.position, fields };
      }
    }
    finish();
    return { start, end: this.position, fields };
  }

  private addField(fields: HeaderField[], start: number, end = this.position): void {
    if (this.fieldCount >= this.limits.fields) return;
    this.fieldCount++;
    const line = trimLineEnd(latin1Decode(this.bytes, start, end));
    const colon = line.indexOf(":");
    const name = colon < 0 ? "" : trimEnd(line.slice(0, colon));
    fields.push({ name, start, end, value: line.slice(colon + 1) });
  }

  /** Goes to the next delimiter of an open multipart, or to the end. */
  private skipBody(): void {
    const { bytes } = this;
    while (this.position < bytes.length) {
      if (bytes[this.position] === HYPHEN && this.readDelimiter() !== null) return;
      this.skipLine();
    }
  }

  private skipLine(): void {
    const { bytes } = this;
    const lineFeed = bytes.indexOf(LINE_FEED, this.position);
    if (lineFeed < 0) {
      this.position = bytes.length;
      this.lastLineEnd = 0;
      return;
    }
    this.lastLineEnd = lineFeed > this.position && bytes[lineFeed - 1] === CARRIAGE_RETURN ? 2 : 1;
    this.position = lineFeed + 1;
    this.lines++;
  }

  /** Reads the line when it is a delimiter of an open multipart (RFC 2046 section 5.1.1), and only then. */
  private readDelimiter(): Delimiter | null {
    const { bytes, position } = this;
    if (this.boundaries.size === 0 || bytes[position + 1] !== HYPHEN) return null;
    const lineFeed = bytes.indexOf(LINE_FEED, position);
    const text = trimEnd(latin1Decode(bytes, position + 2, lineFeed < 0 ? bytes.length : lineFeed));
    let kind: Delimiter["kind"] = "next";
    let level = this.boundaries.get(text);
    if (level === undefined && text.endsWith("--")) {
      kind = "last";
      level = this.boundaries.get(text.slice(0, -2));
    }
    if (level === undefined) return null;
    this.delimiter = { level, kind, start: position, lines: this.lines, lineEndBefore: this.lastLineEnd };
    this.skipLine();
    return this.delimiter;
  }
}

/** An encoded message (which RFC 2046 section 5.2.1 forbids) is left a leaf: its octets are not the message's. */
function holdsMessage(part: PartType & { encoding: string }): boolean {
  const isMessage = part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global");
  return isMessage && part.encoding !== "base64" && part.encoding !== "quoted-printable";
}

function trimLineEnd(text: string): string {
  if (text.endsWith("\r\n")) return text.slice(0, -2);
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
