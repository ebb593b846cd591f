/** One version of vCard as the other, as far as they say the same differently (RFC 6350, RFC 2426). */
import { type ContentLine, escapeText, type Parameter, unescapeText, type VCard } from "./vcard.js";

export type VCardVersion = VCard["version"];

export function asVersion(card: VCard, version: VCardVersion): VCard {
  if (card.version === version) return card;
  const lines = card.lines.map(version === "4.0" ? toVersion4 : toVersion3);
  const hasName = lines.some(({ name }) => name === "N");
  // RFC 2426 section 3.1.2: every card has one.
  return { version, lines: version === "3.0" && !hasName ? [...lines, unknownName(card)] : lines };
}

function unknownName(card: VCard): ContentLine {
  const formatted = card.lines.find(({ name }) => name === "FN")?.value ?? "";
  return { group: null, name: "N", parameters: [], value: `;${escapeText(unescapeText(formatted))};;;` };
}

function toVersion4(line: ContentLine): ContentLine {
  return inlineAsData(preferredAsNumber(line));
}

function toVersion3(line: ContentLine): ContentLine {
  return dataAsInline(preferredAsType(line));
}

const without = (parameters: readonly Parameter[], ...names: string[]): Parameter[] =>
  parameters.filter(({ name }) => !names.includes(name));

/** `TYPE=pref` becomes `PREF=1`. */
function preferredAsNumber(line: ContentLine): ContentLine {
  const types = line.parameters.filter(({ name }) => name === "TYPE").flatMap(({ values }) => values);
  if (!types.some((type) => type.toLowerCase() === "pref")) return line;
  const rest = types.filter((type) => type.toLowerCase() !== "pref");
  const parameters = [
    ...without(line.parameters, "TYPE"),
    ...(rest.length === 0 ? [] : [{ name: "TYPE", values: rest }]),
    { name: "PREF", values: ["1"] },
  ];
  return { ...line, parameters };
}

/** `PREF=1` becomes `TYPE=pref`; other ranks are not in version 3. */
function preferredAsType(line: ContentLine): ContentLine {
  const rank = line.parameters.find(({ name }) => name === "PREF");
  if (rank === undefined) return line;
  const first = rank.values[0] === "1" ? [{ name: "TYPE", values: ["pref"] }] : [];
  return { ...line, parameters: [...without(line.parameters, "PREF"), ...first] };
}

const PICTURES = new Set(["PHOTO", "LOGO", "SOUND", "KEY"]);

/** A file within the card: `ENCODING=b` in version 3, a data URI in version 4. */
function inlineAsData(line: ContentLine): ContentLine {
  const value = (name: string) => line.parameters.find((one) => one.name === name)?.values[0];
  if (!PICTURES.has(line.name) || !/^(b|base64)$/i.test(value("ENCODING") ?? "")) return line;
  const type = (value("TYPE") ?? "octet-stream").toLowerCase();
  const kind = { PHOTO: "image", LOGO: "image", SOUND: "audio", KEY: "application" }[line.name];
  const media = type.includes("/") ? type : `${kind}/${type}`;
  const parameters = without(line.parameters, "ENCODING", "TYPE", "VALUE");
  return { ...line, parameters, value: `data:${media};base64,${line.value.replace(/\s+/g, "")}` };
}

function dataAsInline(line: ContentLine): ContentLine {
  const data = PICTURES.has(line.name)
    ? /^data:[a-z]+\/([\w.+-]+);base64\\?,([A-Za-z0-9+/=\s]*)$/i.exec(line.value)
    : null;
  if (data === null) return line;
  const [, type = "", octets = ""] = data;
  const parameters = [
    ...without(line.parameters, "MEDIATYPE", "VALUE", "TYPE"),
    { name: "ENCODING", values: ["b"] },
    { name: "TYPE", values: [type.toUpperCase()] },
  ];
  return { ...line, parameters, value: octets };
}
