/** XML as WebDAV uses it: elements with namespaces, and how they are written. */

export const DAV = "DAV:";
export const CARDDAV = "urn:ietf:params:xml:ns:carddav";
/** Bound to the prefix `xml`, and to no other. */
export const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
export const CALENDARSERVER = "http://calendarserver.org/ns/";

export interface XmlElement {
  readonly namespace: string;
  /** Without its prefix. */
  readonly name: string;
  /** By name; those with a prefix are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text that is directly within. */
  readonly text: string;
}

/** What is to be written: an element of one of our namespaces, or text. */
export interface XmlNode {
  readonly namespace: string;
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: readonly (XmlNode | string)[];
}

export function node(namespace: string, name: string, ...content: (XmlNode | string)[]): XmlNode {
  return { namespace, name, content };
}

export function dav(name: string, ...content: (XmlNode | string)[]): XmlNode {
  return node(DAV, name, ...content);
}

export function card(name: string, ...content: (XmlNode | string)[]): XmlNode {
  return node(CARDDAV, name, ...content);
}

export function child(element: XmlElement, namespace: string, name: string): XmlElement | null {
  return children(element, namespace, name)[0] ?? null;
}

export function children(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return element.children.filter((one) => one.namespace === namespace && one.name === name);
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  [DAV, "d"],
  [CARDDAV, "card"],
  [CALENDARSERVER, "cs"],
]);

/** The whole document, in UTF-8. Characters that XML 1.0 cannot hold become U+FFFD. */
export function writeXml(root: XmlNode): string {
  const namespaces = [...PREFIXES].map(([uri, prefix]) => ` xmlns:${prefix}="${uri}"`).join("");
  return `<?xml version="1.0" encoding="utf-8"?>\n${write(root, namespaces)}\n`;
}

function write({ namespace, name, attributes = {}, content }: XmlNode, declarations: string): string {
  const [tag, foreign] = tagOf(namespace, name);
  const inside = content.map((one) => (typeof one === "string" ? escapeXml(one) : write(one, ""))).join("");
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `<${tag}${declarations}${foreign}${written.join("")}`;
  return inside === "" ? `${open}/>` : `${open}>${inside}</${tag}>`;
}

/** How an element is called, with what declares its prefix; clients may ask for properties of any namespace, or of none. */
function tagOf(namespace: string, name: string): [tag: string, declaration: string] {
  if (namespace === "") return [name, ""];
  const prefix = namespace === XML_NAMESPACE ? "xml" : PREFIXES.get(namespace);
  return prefix === undefined
    ? [`x:${name}`, ` xmlns:x="${escapeXml(namespace)}"`]
    : [`${prefix}:${name}`, ""];
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** XML 1.0 section 2.2: the characters that there are. */
const IMPOSSIBLE =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escapeXml(text: string): string {
  return text.replace(IMPOSSIBLE, "\ufffd").replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? "");
}
