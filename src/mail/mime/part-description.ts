import { findField, trimEnd, unfold } from "./headers.js";
import { decodeParameters, parseParameterized } from "./parameters.js";
import type { Disposition, HeaderField, MimePart } from "./part.js";

export type PartType = Pick<MimePart, "type" | "subtype">;

export type PartDescription = Pick<
  MimePart,
  | "type"
  | "subtype"
  | "parameters"
  | "typeParameters"
  | "encoding"
  | "disposition"
  | "contentId"
  | "description"
  | "md5"
  | "language"
  | "location"
> & {
  /** The text between parts, a binary string; empty when there is none. */
  readonly boundary: string;
};

/** What the Content-* fields say about a part (RFC 2045, RFC 2183, RFC 3282, RFC 2557, RFC 1864). */
export function readPartDescription(fields: readonly HeaderField[], byDefault: PartType): PartDescription {
  const contentType = readContentType(fields, byDefault);
  const raw = contentType.typeParameters.find(([name]) => name.toLowerCase() === "boundary")?.[1];
  return {
    ...contentType,
    boundary: trimEnd(raw ?? contentType.parameters.get("boundary") ?? ""),
    encoding: readEncoding(fields),
    disposition: readDisposition(fields),
    contentId: readText(fields, "content-id"),
    description: readText(fields, "content-description"),
    md5: readText(fields, "content-md5"),
    language: readText(fields, "content-language"),
    location: readText(fields, "content-location"),
  };
}

function readContentType(fields: readonly HeaderField[], byDefault: PartType) {
  const field = findField({ fields }, "content-type");
  if (field !== null) {
    const { value, parameters } = parseParameterized(field.value);
    const slash = value.indexOf("/");
    const type = value.slice(0, slash).trim().toLowerCase();
    const subtype = value
      .slice(slash + 1)
      .trim()
      .toLowerCase();
    if (slash > 0 && type !== "" && subtype !== "") {
      return { type, subtype, typeParameters: parameters, parameters: decodeParameters(parameters) };
    }
  }
  // RFC 2045 section 5.2: a missing or unreadable type is the default.
  return { ...byDefault, typeParameters: [], parameters: new Map<string, string>() };
}

function readEncoding(fields: readonly HeaderField[]): string {
  const field = findField({ fields }, "content-transfer-encoding");
  const value = field === null ? "" : parseParameterized(field.value).value.toLowerCase();
  return value === "" ? "7bit" : value;
}

function readDisposition(fields: readonly HeaderField[]): Disposition | null {
  const field = findField({ fields }, "content-disposition");
  if (field === null) return null;
  const { value, parameters } = parseParameterized(field.value);
  return value === "" ? null : { value: value.toLowerCase(), parameters };
}

function readText(fields: readonly HeaderField[], name: string): string | null {
  const field = findField({ fields }, name);
  const value = field === null ? "" : unfold(field.value);
  return value === "" ? null : value;
}
