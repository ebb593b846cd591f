import { trimEnd, unfold } from "./headers.js";
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
>;

/**
 * What the Content-* fields say about a part (RFC 2045, RFC 2183, RFC 3282, RFC 2557, RFC 1864); and the text between its parts, a
 * binary string, empty when there is none.
 */
export function readPartDescription(
  all: readonly HeaderField[],
  byDefault: PartType,
): { readonly description: PartDescription; readonly boundary: string } {
  const fields = contentFields(all);
  const contentType = readContentType(fields, byDefault);
  const raw = contentType.typeParameters.find(([name]) => name.toLowerCase() === "boundary")?.[1];
  const description = {
    type: contentType.type,
    subtype: contentType.subtype,
    parameters: contentType.parameters,
    typeParameters: contentType.typeParameters,
    encoding: readEncoding(fields),
    disposition: readDisposition(fields),
    contentId: readText(fields, "id"),
    description: readText(fields, "description"),
    md5: readText(fields, "md5"),
    language: readText(fields, "language"),
    location: readText(fields, "location"),
  };
  return { description, boundary: trimEnd(raw ?? contentType.parameters.get("boundary") ?? "") };
}

/** Values of the first Content-* field of each name, by the rest of the name in lower case. */
function contentFields(fields: readonly HeaderField[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value } of fields) {
    // Nearly all fields are others, which is seen by one letter.
    if ((name.charCodeAt(0) | 32) !== LETTER_C || name[7] !== "-") continue;
    const lowerCase = name.toLowerCase();
    if (!lowerCase.startsWith("content-")) continue;
    const rest = lowerCase.slice("content-".length);
    if (!values.has(rest)) values.set(rest, value);
  }
  return values;
}

const LETTER_C = 99;

function readContentType(fields: ReadonlyMap<string, string>, byDefault: PartType) {
  const field = fields.get("type");
  if (field !== undefined) {
    const { value, parameters } = parseParameterized(field);
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

function readEncoding(fields: ReadonlyMap<string, string>): string {
  const field = fields.get("transfer-encoding");
  const value = field === undefined ? "" : parseParameterized(field).value.toLowerCase();
  return value === "" ? "7bit" : value;
}

function readDisposition(fields: ReadonlyMap<string, string>): Disposition | null {
  const field = fields.get("disposition");
  if (field === undefined) return null;
  const { value, parameters } = parseParameterized(field);
  return value === "" ? null : { value: value.toLowerCase(), parameters };
}

function readText(fields: ReadonlyMap<string, string>, name: string): string | null {
  const value = unfold(fields.get(name) ?? "");
  return value === "" ? null : value;
}
