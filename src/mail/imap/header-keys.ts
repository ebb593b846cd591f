/** What SORT, THREAD and SEARCH compare of a header, made once when a message is appended. */
import { type AddressGroup, type Mailbox, parseAddressList } from "../mime/address.js";
import { baseSubject } from "../mime/base-subject.js";
import { decodeEncodedWords } from "../mime/headers.js";
import { parseMessageIds } from "../mime/message-id.js";
import { collationKey } from "./collation.js";
import type { AddressKeys, ReferenceKeys, SubjectKeys } from "./digest.js";
import { foldCase } from "./folded-text.js";
import type { Octets } from "./format.js";
import { fieldValuesIn } from "./header-fields.js";

export interface HeaderKeys {
  readonly subject: SubjectKeys;
  readonly addresses: AddressKeys;
  readonly references: ReferenceKeys;
}

/** Never throws. @param header octets that begin with a header; what stands behind its blank line is not looked at */
export function headerKeys(header: Octets): HeaderKeys {
  return { subject: subjectKeys(header), addresses: addressKeys(header), references: referenceKeys(header) };
}

function subjectKeys(header: Octets): SubjectKeys {
  const subjects = fieldValuesIn(header, "subject").map(decodeEncodedWords);
  const { base, kind } = baseSubject(subjects[0] ?? "");
  const folded = subjects.length > 0 ? subjects.map((subject) => foldCase(subject.trim())).join("\n") : null;
  return { folded, base: collationKey(base), kind };
}

function addressKeys(header: Octets): AddressKeys {
  return {
    from: addressKey(header, "from"),
    to: addressKey(header, "to"),
    cc: addressKey(header, "cc"),
  };
}

/** Of a group its name, as in ENVELOPE. */
function addressKey(header: Octets, name: string): string {
  const first = firstAddress(header, name);
  if (!first) return "";
  return collationKey(first.kind === "group" ? decodeEncodedWords(first.name) : first.local);
}

/** RFC 5957 section 3: the display name of the first address, else the address. */
export function displayKey(header: Octets, name: string): string {
  const first = firstAddress(header, name);
  if (!first) return "";
  const display = first.name === null ? "" : decodeEncodedWords(first.name).trim();
  if (first.kind === "group" || display !== "") return collationKey(display);
  return collationKey(first.domain === null ? first.local : `${first.local}@${first.domain}`);
}

function firstAddress(header: Octets, name: string): Mailbox | AddressGroup | undefined {
  const value = fieldValuesIn(header, name)[0];
  return value === undefined ? undefined : parseAddressList(value)[0];
}

function referenceKeys(header: Octets): ReferenceKeys {
  const references = idsIn(header, "references");
  return {
    messageId: idsIn(header, "message-id")[0] ?? null,
    ids: references.length > 0 ? references : idsIn(header, "in-reply-to").slice(0, 1),
  };
}

function idsIn(header: Octets, name: string): string[] {
  const value = fieldValuesIn(header, name)[0];
  return value === undefined ? [] : parseMessageIds(value).map(withoutQuotes);
}

/** `<"a"@b>` and `<a@b>` are the same. A quotation without an end stays, and is looked for once. */
function withoutQuotes(id: string): string {
  return id.includes('"')
    ? id.replace(/"((?:[^"\\]|\\.?)*)("|$)/gs, (whole, text: string, end: string) =>
        end === "" ? whole : text.replace(/\\(.)/gs, "$1"),
      )
    : id;
}
