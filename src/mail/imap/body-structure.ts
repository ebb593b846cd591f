import type { MimePart } from "../mime/parse.js";
import { emptyEnvelope, formatEnvelope } from "./envelope.js";
import { formatNstring, formatString } from "./format-string.js";

type Form = "body" | "structure";

/** The BODY of a message: its structure without extension data (RFC 9051 section 7.5.2), octets in a binary string. */
export function formatBody(part: MimePart): string {
  return format(part, "body");
}

/** The BODYSTRUCTURE of a message, with all extension data. */
export function formatBodyStructure(part: MimePart): string {
  return format(part, "structure");
}

function format(part: MimePart, form: Form): string {
  return part.type === "multipart" ? formatMultipart(part, form) : formatSinglePart(part, form);
}

/** What stands in for parts that are not there: the grammar wants one. */
function emptyPart(form: Form): string {
  const extension = form === "structure" ? " NIL NIL NIL NIL" : "";
  return `("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0${extension})`;
}

/** body-type-mpart */
function formatMultipart(part: MimePart, form: Form): string {
  const children = part.children.map((child) => format(child, form)).join("") || emptyPart(form);
  const subtype = formatString(part.subtype.toUpperCase());
  if (form === "body") return `(${children} ${subtype})`;
  return `(${children} ${subtype} ${formatParameters(part.typeParameters)} ${formatExtension(part)})`;
}

/** body-type-1part */
function formatSinglePart(part: MimePart, form: Form): string {
  const items = [
    formatString(part.type.toUpperCase()),
    formatString(part.subtype.toUpperCase()),
    formatTypeParameters(part),
    formatNstring(part.contentId),
    formatNstring(part.description),
    formatString(part.encoding.toUpperCase()),
    String(part.bodyEnd - part.bodyStart),
  ];
  if (part.type === "text") {
    items.push(String(part.lineCount));
  } else if (part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global")) {
    items.push(part.message === null ? emptyEnvelope : formatEnvelope(part.message));
    items.push(part.message === null ? emptyPart(form) : format(part.message, form));
    items.push(String(part.lineCount));
  }
  if (form === "structure") items.push(formatNstring(part.md5), formatExtension(part));
  return `(${items.join(" ")})`;
}

/** body-fld-dsp, body-fld-lang and body-fld-loc */
function formatExtension(part: MimePart): string {
  const { disposition } = part;
  const dsp =
    disposition === null
      ? "NIL"
      : `(${formatString(disposition.value.toUpperCase())} ${formatParameters(disposition.parameters)})`;
  return `${dsp} ${formatLanguages(part.language)} ${formatNstring(part.location)}`;
}

function formatLanguages(language: string | null): string {
  const tags = (language ?? "")
    .replace(/\([^()]*\)/g, " ")
    .split(/[\s,]+/)
    .filter((tag) => tag !== "");
  return tags.length === 0 ? "NIL" : `(${tags.map(formatString).join(" ")})`;
}

/** Text without a charset is us-ascii (RFC 2045 section 5.2). */
function formatTypeParameters(part: MimePart): string {
  const hasCharset = part.typeParameters.some(([name]) => /^charset\*?$/i.test(name));
  if (part.type !== "text" || hasCharset) return formatParameters(part.typeParameters);
  return formatParameters([["CHARSET", "us-ascii"], ...part.typeParameters]);
}

function formatParameters(parameters: readonly (readonly [string, string])[]): string {
  if (parameters.length === 0) return "NIL";
  return `(${parameters.map(([name, value]) => `${formatString(name.toUpperCase())} ${formatString(value)}`).join(" ")})`;
}
