import { parseMime } from "../../../src/mail/mime/parse.js";
import { ON_ARRIVAL } from "./differences.js";

/** Fields that only mail of chans and broadcasts has. */
const LIST = /^(?:reply-to|precedence|list-(?:id|post|unsubscribe))$/;

/** What is wrong with octets that are to be a mail from the network, or null: lines, header, fields that nobody asked for. */
export function faultOf(bytes: Uint8Array): string | null {
  const lines = faultOfLines(bytes);
  if (lines !== null) return lines;
  const root = parseMime(bytes);
  const header = Buffer.from(bytes.subarray(0, root.headerEnd)).toString("latin1");
  if (!header.endsWith("\r\n\r\n")) return "the header does not end";
  if (!/^[\t\r\n -~]*$/.test(header)) return "the header is not ASCII";
  const seen = new Set<string>();
  for (const line of header.slice(0, -4).split("\r\n")) {
    if (/^[ \t]/.test(line)) {
      if (line.trim() === "") return "an empty folded line";
      continue;
    }
    const name = /^([A-Za-z-]+):/.exec(line)?.[1]?.toLowerCase();
    if (name === undefined) return `no field: ${line.slice(0, 80)}`;
    if (!ON_ARRIVAL.test(name) && !LIST.test(name)) return `a field that is not ours: ${name}`;
    if (seen.has(name)) return `a field that stands twice: ${name}`;
    seen.add(name);
  }
  const missing = ["from", "to", "date", "message-id", "mime-version"].find((name) => !seen.has(name));
  return missing === undefined ? null : `no ${missing}`;
}

function faultOfLines(bytes: Uint8Array): string | null {
  let start = 0;
  for (let position = 0; position < bytes.length; position++) {
    const octet = bytes[position];
    if (octet === 0) return `NUL at ${position}`;
    if (octet === 10 && bytes[position - 1] !== 13) return `a bare LF at ${position}`;
    if (octet === 13 && bytes[position + 1] !== 10) return `a bare CR at ${position}`;
    if (octet !== 10) continue;
    if (position - 1 - start > 998) return `a line of ${position - 1 - start} octets`;
    start = position + 1;
  }
  return bytes.length - start > 998 ? "a long last line" : null;
}

export function expectMail(bytes: Uint8Array): void {
  const fault = faultOf(bytes);
  if (fault !== null) throw new Error(`ill-formed mail: ${fault}`);
}
