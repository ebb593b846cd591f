/** What may differ between a mail as it was sent and as it arrives at another bridge. Anything else is an error. */

import { fileName } from "../../../src/gateway/forms/original.js";
import { decodeBody } from "../../../src/mail/mime/decode.js";
import { latin1Decode } from "../../../src/mail/mime/latin1.js";
import { type HeaderField, type MimePart, parseMime } from "../../../src/mail/mime/parse.js";

/*
 * Any mail may differ in this: fields of the header that tell of the sender, his programs and others are left out (LEFT_OUT); fields of a part
 * that say nothing about its content, and the times of files, unless they are signed; a text alone goes as Unicode and is written anew, as ASCII
 * or quoted-printable.
 */

/** Differences that a mail of the corpus must name as its own. */
export const NAMED: Readonly<Record<string, string>> = {
  "flowed lines joined": "format=flowed says that these line ends are not the writer's",
  "white space of the subject":
    "a subject has no white space around it, blanks for tabs, and no more than 40 in a row",
  "subject cut": "a subject has at most 500 characters",
  "first of several": "of a field that stands twice the first counts",
  "Message-ID made": "a mail without one that can be used gets one",
  "ids left out": "what is no Message-ID, and the middle of a very long References",
  "multipart of one text left out": "a text alone in a multipart goes as a text",
  "parts joined": "of more parts or levels than a mail from the network may have the texts follow each other",
  "line end added": "a text ends with a line end",
  "NUL replaced": "no mail holds NUL",
  "noise left out": "a line in a header that goes on behind it, where no text can take it",
  "blank line put in": "a text before which the blank line is missing",
  "folder in file name left out": "file names name no folders and hide nothing",
  "inline form became a file": "the older form of attachments is read wherever it stands",
};

/** Root fields that never arrive. Every other field must. */
export const LEFT_OUT: readonly RegExp[] = [
  /^(?:to|cc|bcc|resent-.*|sender|reply-to|return-path|delivered-to|disposition-notification-to)$/,
  /^(?:received|user-agent|mailer|x-.*|thread-(?:topic|index)|organization|date|autocrypt|openpgp|accept-language)$/,
  /^(?:list-.*|precedence|importance|priority|dkim-signature|authentication-results|arc-.*|comments|keywords)$/,
  /^(?:expires|sensitivity|errors-to|mail-followup-to|mail-reply-to|face|jabber-id|mbox-line|deferred-delivery)$/,
  /^(?:mime-version|from|subject|message-id|in-reply-to|references|auto-submitted)$/, // written by the receiving bridge
];

/** The header of a mail that arrives, and nothing else beside the entity's own. */
export const ON_ARRIVAL =
  /^(?:from|to|subject|date|message-id|in-reply-to|references|auto-submitted|mime-version|x-bitmessage-(?:encoding|hash|expires)|content-.*)$/;

const ENTITY =
  /^content-(?:type|transfer-encoding|disposition|id|description|language|location|base|md5|duration|features|class)$/;
const TIMES = /;\s*(?:creation|modification|read)-date\s*=\s*(?:"[^"\\]*"|[^\s";]+)/gi;

/** The entity as it must arrive: the fields of content alone, without times; of sealed parts everything. */
export function expectedEntity(bytes: Uint8Array): string {
  const root = parseMime(bytes);
  return writeEntity(bytes, root, "open");
}

function writeEntity(bytes: Uint8Array, part: MimePart, kind: "open" | "sealed"): string {
  if (kind === "sealed") return latin1Decode(bytes, part.headerStart, part.bodyEnd);
  const fields = part.fields
    .filter(({ name }) => ENTITY.test(name.toLowerCase()))
    .map((field) => fieldText(bytes, field))
    .join("");
  const lastField = part.fields.at(-1)?.end ?? part.headerStart;
  const isSealing = part.type === "multipart" && /^(?:signed|encrypted)$/.test(part.subtype);
  let body = "";
  let position = part.bodyStart;
  for (const child of part.children) {
    body += latin1Decode(bytes, position, child.headerStart);
    body += writeEntity(bytes, child, isSealing ? "sealed" : "open");
    position = child.bodyEnd;
  }
  return (
    fields +
    latin1Decode(bytes, lastField, part.headerEnd) +
    body +
    latin1Decode(bytes, position, part.bodyEnd)
  );
}

function fieldText(bytes: Uint8Array, { name, start, end }: HeaderField): string {
  const field = latin1Decode(bytes, start, end);
  return name.toLowerCase() === "content-disposition" ? field.replace(TIMES, "") : field;
}

/** Types, names and octets of a mail's leaves. */
export function leavesOf(bytes: Uint8Array): { readonly label: string; readonly data: string }[] {
  const leaves: { label: string; data: string }[] = [];
  const visit = (part: MimePart) => {
    for (const child of part.children) visit(child);
    if (part.children.length > 0) return;
    const name = fileName(part);
    const label = `${part.type}/${part.subtype}${name === null ? "" : ` ${name}`}`;
    leaves.push({ label, data: latin1Decode(decodeBody(bytes, part)) });
  };
  visit(parseMime(bytes));
  return leaves;
}
