/** Which cards an addressbook-query asks for (RFC 6352 section 10.5). */
import { DavError } from "./dav-error.js";
import { type ContentLine, parseVCard, unescapeText, type VCard } from "./vcard.js";
import { CARDDAV, child, children, type XmlElement } from "./xml.js";

export type CardFilter = (text: string) => boolean;

type Test = "anyof" | "allof";

/** Elements of one filter: each is held against each line of each card. */
const MOST_ELEMENTS = 400;

/** @param element CARDDAV:filter, or null for all cards @throws DavError 403 supported-filter, supported-collation */
export function createCardFilter(element: XmlElement | null): CardFilter {
  if (element !== null && countElements(element) > MOST_ELEMENTS)
    throw new DavError(403, CARDDAV, "supported-filter");
  const properties = element === null ? [] : children(element, CARDDAV, "prop-filter").map(propertyFilter);
  if (element === null || properties.length === 0) return () => true;
  const test = readTest(element);
  return (text) => {
    const card = parseVCard(text);
    return combine(test, properties, (matches) => matches(card));
  };
}

function countElements(element: XmlElement): number {
  return element.children.reduce((sum, child) => sum + countElements(child), 1);
}

/** CARDDAV:prop-filter */
function propertyFilter(element: XmlElement): (card: VCard) => boolean {
  const [group, name] = splitName(element.attributes.get("name") ?? "");
  const isAbsent = child(element, CARDDAV, "is-not-defined") !== null;
  const texts = children(element, CARDDAV, "text-match").map(textMatch);
  const parameters = children(element, CARDDAV, "param-filter").map(parameterFilter);
  const conditions = [
    ...texts.map((matches) => (line: ContentLine) => matches(unescapeText(line.value))),
    ...parameters,
  ];
  const test = readTest(element);
  return (card) => {
    const lines = card.lines.filter(
      (line) => line.name === name && (group === null || line.group?.toUpperCase() === group),
    );
    if (isAbsent) return lines.length === 0;
    if (conditions.length === 0) return lines.length > 0;
    return combine(test, conditions, (matches) => lines.some(matches));
  };
}

/** CARDDAV:param-filter */
function parameterFilter(element: XmlElement): (line: ContentLine) => boolean {
  const name = (element.attributes.get("name") ?? "").toUpperCase();
  const isAbsent = child(element, CARDDAV, "is-not-defined") !== null;
  const match = child(element, CARDDAV, "text-match");
  const matches = match === null ? () => true : textMatch(match);
  return (line) => {
    const values = line.parameters
      .filter((parameter) => parameter.name === name)
      .flatMap((one) => one.values);
    return isAbsent ? values.length === 0 : values.some(matches);
  };
}

const MATCH_TYPES = new Map<string, (value: string, wanted: string) => boolean>([
  ["equals", (value, wanted) => value === wanted],
  ["contains", (value, wanted) => value.includes(wanted)],
  ["starts-with", (value, wanted) => value.startsWith(wanted)],
  ["ends-with", (value, wanted) => value.endsWith(wanted)],
]);

const COLLATIONS = new Map<string, (text: string) => string>([
  ["i;octet", (text) => text],
  ["i;ascii-casemap", (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())],
  ["i;unicode-casemap", (text) => text.normalize("NFKD").toUpperCase().normalize("NFKD")],
]);

/** CARDDAV:text-match */
function textMatch(element: XmlElement): (value: string) => boolean {
  const named = element.attributes.get("collation") ?? "default";
  const collation = COLLATIONS.get(named === "default" ? "i;unicode-casemap" : named);
  if (collation === undefined) throw new DavError(403, CARDDAV, "supported-collation");
  const compare = MATCH_TYPES.get(element.attributes.get("match-type") ?? "contains");
  if (compare === undefined) throw new DavError(403, CARDDAV, "supported-filter");
  const wanted = collation(element.text);
  const isNegated = element.attributes.get("negate-condition") === "yes";
  return (value) => compare(collation(value), wanted) !== isNegated;
}

function readTest(element: XmlElement): Test {
  return element.attributes.get("test") === "allof" ? "allof" : "anyof";
}

function combine<T>(test: Test, conditions: readonly T[], holds: (condition: T) => boolean): boolean {
  return test === "allof" ? conditions.every(holds) : conditions.some(holds);
}

/** `group.NAME` or `NAME` */
function splitName(text: string): [string | null, string] {
  const dot = text.indexOf(".");
  return dot < 0
    ? [null, text.toUpperCase()]
    : [text.slice(0, dot).toUpperCase(), text.slice(dot + 1).toUpperCase()];
}
