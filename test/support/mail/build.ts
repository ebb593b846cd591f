/** Writes mails for the corpus. All strings are binary (one character for each octet) unless they are said to be text. */
import { createRandom, type Random } from "../../fuzz/random.js";

/** How a mail of the corpus arrives at another bridge. */
export type Arrival =
  /** Its MIME entity octet for octet, less what privacy removes. */
  | { readonly as: "octets" }
  /** As a text alone. `text`: what it says, with LF line ends. */
  | { readonly as: "text"; readonly text: string }
  /** Written anew: the same parts with the same octets; `parts`: their types and names. */
  | { readonly as: "written anew"; readonly parts: readonly string[] }
  /** Its text and its files. */
  | { readonly as: "text and files"; readonly text: string; readonly parts: readonly string[] }
  | { readonly as: "refused"; readonly code: string };

export interface CorpusMail {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly arrival: Arrival;
  /** Text; what the recipient reads as the subject. */
  readonly subject: string;
  /** What differs on arrival beyond that which always may, by the words of `differences.ts`. */
  readonly differences: readonly string[];
}

export interface Draft {
  readonly subject?: string;
  /** The Subject field as it stands in the header, when `subject` is not to be written plainly. */
  readonly subjectField?: string;
  /** Lines of the header before the entity: everything but From, To, Subject and Message-ID. */
  readonly header?: readonly string[];
  /** Content-* fields, a blank line and the body. */
  readonly entity: string;
  readonly arrival: Arrival;
  readonly differences?: readonly string[];
  /** In the place of the four usual fields. */
  readonly usual?: readonly string[];
}

/** The addresses are put in where a mail is sent. */
export const SENDER = "sender@corpus.invalid";
export const RECIPIENT = "recipient@corpus.invalid";

export const octets = { as: "octets" } as const;
export const text = (value: string): Arrival => ({ as: "text", text: value });
export const anew = (...parts: string[]): Arrival => ({ as: "written anew", parts });
export const refused = (code: string): Arrival => ({ as: "refused", code });

/** What tells of the sender, his machine and others; none of it may arrive. */
export const TELLING: readonly string[] = [
  "Received: from secret-laptop (secret [192.0.2.77]) by secret.example; Sun, 1 Nov 2026 10:00:00 +0530",
  "User-Agent: secret-agent/1.0",
  "X-Mailer: secret-mailer 16.0",
  "X-Originating-IP: [192.0.2.77]",
  "Date: Sun, 1 Nov 2026 10:00:00 +0530",
  "Cc: secret-other <secret@example.org>",
  "Organization: secret organization",
];

export function mailOf(name: string, draft: Draft): CorpusMail {
  const { subject = "A subject", header = [], entity, arrival, differences = [] } = draft;
  const usual = draft.usual ?? [
    `From: Ann Sender <${SENDER}>`,
    `To: <${RECIPIENT}>`,
    draft.subjectField ?? `Subject: ${subject}`,
    `Message-ID: <${name.replace(/[^A-Za-z0-9]+/g, ".")}@client.example>`,
  ];
  const head = [...usual, ...header].map((line) => `${line}\r\n`).join("");
  return { name, bytes: octetsOf(head + entity), arrival, subject, differences };
}

export function octetsOf(binary: string): Uint8Array {
  return new Uint8Array(Buffer.from(binary, "latin1"));
}

export function utf8(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

export function lines(...all: string[]): string {
  return all.map((line) => `${line}\r\n`).join("");
}

/** Fields, a blank line, a body. */
export function part(fields: readonly string[], body: string): string {
  return `${lines(...fields)}\r\n${body}`;
}

export function multipart(subtype: string, boundary: string, parts: readonly string[], more = ""): string {
  const body = parts.map((one) => `--${boundary}\r\n${one}\r\n`).join("");
  const type = `Content-Type: multipart/${subtype}; boundary="${boundary}"${more}`;
  return `${type}\r\n\r\n${body}--${boundary}--\r\n`;
}

/** In lines of `width`, each ended by CR LF. */
export function base64(binary: string | Uint8Array, width = 76): string {
  const digits = Buffer.from(typeof binary === "string" ? octetsOf(binary) : binary).toString("base64");
  return digits.replace(new RegExp(`(.{${width}})(?=.)`, "g"), "$1\r\n") + (digits === "" ? "" : "\r\n");
}

export function quotedPrintable(binary: string): string {
  return binary
    .split("\r\n")
    .map((line) => {
      const encoded = line.replace(/[^ -<>-~\t]/g, hexOf).replace(/[ \t]$/, hexOf);
      return encoded.replace(/(.{70}[^=]{0,3})(?=.)/g, "$1=\r\n");
    })
    .join("\r\n");
}

function hexOf(octet: string): string {
  return `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Encoded words of RFC 2047 for text in UTF-8, folded. */
export function encodedWords(value: string, form: "B" | "Q" = "B"): string {
  const words: string[] = [];
  let piece = "";
  for (const character of value) {
    if (Buffer.byteLength(piece + character) > 36) {
      words.push(piece);
      piece = "";
    }
    piece += character;
  }
  words.push(piece);
  return words.map((word) => encodedWord(utf8(word), "utf-8", form)).join("\r\n ");
}

export function encodedWord(binary: string, charset: string, form: "B" | "Q"): string {
  const encoded =
    form === "B"
      ? Buffer.from(binary, "latin1").toString("base64")
      : binary.replace(/[^A-Za-z0-9 ]/g, hexOf).replaceAll(" ", "_");
  return `=?${charset}?${form}?${encoded}?=`;
}

/** RFC 2231's extended value. */
export function extended(binary: string, charset = "utf-8"): string {
  const octet = (character: string) => `%${hexOf(character).slice(1)}`;
  return `${charset}''${binary.replace(/[^A-Za-z0-9.-]/g, octet)}`;
}

/** Octets of a file, the same for the same seed. */
export function fileOctets(seed: number, length: number): Uint8Array {
  const random: Random = createRandom(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

/** A small file in base64, and parts that many mails have. */
export const png = base64(fileOctets(7, 200));
export const picture = part(
  [
    'Content-Type: image/png; name="a.png"',
    'Content-Disposition: attachment; filename="a.png"',
    "Content-Transfer-Encoding: base64",
  ],
  png,
);
export const plain = part(["Content-Type: text/plain"], "Hello.\r\n");
