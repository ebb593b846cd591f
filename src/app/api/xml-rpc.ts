/** XML-RPC (xmlrpc.com/spec.md, with nil and i8) as Python's xmlrpc.client writes and reads it. */

import type { XmlElement } from "../../mail/carddav/xml.js";
import { parseXml, XmlError } from "../../mail/carddav/xml-parser.js";
import { MalformedCall, type RpcCall, type RpcValue } from "./values.js";

/** @throws MalformedCall; also for a document type, entities, and what is nested too deeply */
export function readXmlRpcCall(bytes: Uint8Array): RpcCall {
  let root: XmlElement;
  try {
    root = parseXml(bytes);
  } catch (error) {
    if (error instanceof XmlError) throw new MalformedCall(error.message);
    throw error;
  }
  if (root.name !== "methodCall") throw new MalformedCall("methodCall expected");
  const method = only(root, "methodName").text.trim();
  const lists = root.children.filter(({ name }) => name === "params");
  const parameters = lists.flatMap(({ children }) => children.map((one) => readValue(only(one, "value"))));
  return { method, parameters };
}

function only(parent: XmlElement, name: string): XmlElement {
  const found = parent.children.filter((child) => child.name === name);
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) throw new MalformedCall(`${name} expected once`);
  return first;
}

function readValue(value: XmlElement): RpcValue {
  const [element, ...others] = value.children;
  if (element === undefined) return value.text;
  if (others.length > 0) throw new MalformedCall("a value has one type");
  const { name, text } = element;
  const read = SCALARS.get(name);
  if (read !== undefined) {
    if (element.children.length > 0) throw new MalformedCall(`${name} holds text`);
    return read(text);
  }
  if (name === "array") return only(element, "data").children.map(asValue);
  if (name === "struct") return Object.fromEntries(element.children.map(readMember));
  throw new MalformedCall("a type that is not known");
}

function asValue(element: XmlElement): RpcValue {
  if (element.name !== "value") throw new MalformedCall("value expected");
  return readValue(element);
}

function readMember(member: XmlElement): [string, RpcValue] {
  return [only(member, "name").text, readValue(only(member, "value"))];
}

const SCALARS: ReadonlyMap<string, (text: string) => RpcValue> = new Map<string, (text: string) => RpcValue>([
  ["int", readInteger],
  ["i4", readInteger],
  ["i8", readInteger],
  ["string", (text) => text],
  ["dateTime.iso8601", (text) => text],
  ["double", readDouble],
  ["boolean", readBoolean],
  ["base64", (text) => new Uint8Array(Buffer.from(text, "base64"))],
  ["nil", () => null],
]);

function readInteger(text: string): number {
  const number = Number(text);
  if (!/^\s*[+-]?\d+\s*$/.test(text) || !Number.isSafeInteger(number))
    throw new MalformedCall("an integer that is none");
  return number;
}

function readDouble(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new MalformedCall("a double that is none");
  return number;
}

function readBoolean(text: string): boolean {
  if (!/^\s*[01]\s*$/.test(text)) throw new MalformedCall("a boolean that is none");
  return text.trim() === "1";
}

export function writeXmlRpcResult(value: RpcValue): string {
  return response(`<params><param>${write(value)}</param></params>`);
}

export function writeXmlRpcFault(code: number, text: string): string {
  return response(`<fault>${write({ faultCode: code, faultString: text })}</fault>`);
}

function response(content: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>${content}</methodResponse>\n`;
}

function write(value: RpcValue): string {
  return `<value>${typed(value)}</value>`;
}

function typed(value: RpcValue): string {
  if (value === null) return "<nil/>";
  if (typeof value === "boolean") return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "string") return `<string>${escaped(value)}</string>`;
  if (value instanceof Uint8Array) return `<base64>${Buffer.from(value).toString("base64")}</base64>`;
  if (Array.isArray(value)) return `<array><data>${value.map(write).join("")}</data></array>`;
  const members = Object.entries(value).map(
    ([name, member]) => `<member><name>${escaped(name)}</name>${write(member)}</member>`,
  );
  return `<struct>${members.join("")}</struct>`;
}

function writeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return `<double>${value}</double>`;
  const type = value >= -(2 ** 31) && value < 2 ** 31 ? "int" : "i8";
  return `<${type}>${value}</${type}>`;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** XML 1.0 has no such characters, not even as references. */
const IMPOSSIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

function escaped(text: string): string {
  return text
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(IMPOSSIBLE, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\r/g, "&#13;");
}
