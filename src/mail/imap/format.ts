import { type NameForm, writeMailboxName } from "./mailbox-name.js";

/** Response text is built as binary (latin1) strings: one character is one octet. */
export type Octets = string;

/** `quoted` where the value allows it, else `literal` (RFC 9051 section 4.3). */
export function formatString(value: Octets): Octets {
  if (value.length < 1024 && /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/.test(value)) return quote(value);
  return `{${value.length}}\r\n${value}`;
}

function quote(value: Octets): Octets {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** `nstring` of text: UTF-8 octets. */
export function formatText(value: string | null): Octets {
  return value === null ? "NIL" : formatString(utf8Octets(value));
}

/** A mailbox name as the client is to see it (`Session.nameForm`), an atom where it can be one. */
export function formatMailbox(name: string, form: NameForm): Octets {
  const encoded = writeMailboxName(name, form);
  if (/^[!#$&'+,./0-9:;<=>?@A-Z[^_`a-z|}~-]+$/.test(encoded) && encoded.toUpperCase() !== "NIL")
    return encoded;
  // UTF-8 may stand in quotes for those who read it.
  return form === "utf-8" && !/[\r\n\0]/.test(encoded) ? quote(encoded) : formatString(encoded);
}

export function formatFlags(flags: Iterable<string>): Octets {
  return `(${[...flags].join(" ")})`;
}

function utf8Octets(text: string): Octets {
  return Buffer.from(text, "utf8").toString("latin1");
}

export function octetsToUtf8(octets: Octets): string {
  return Buffer.from(octets, "latin1").toString("utf8");
}

/** A response text made of one line: what might end it or start a response code is taken out. */
export function plainText(text: string): Octets {
  const line = utf8Octets(text)
    .replace(/[\r\n\0]+/g, " ")
    .replace(/^[\s[]+/, "");
  return line === "" ? "Done" : line;
}

/** The same for a client of IMAP4rev1, which reads ASCII only. */
export function asciiText(text: string): Octets {
  return plainText(text.replace(/[^\x00-\x7f]/gu, "?"));
}
