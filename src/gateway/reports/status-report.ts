import MimeNode from "nodemailer/lib/mime-node";
import { formatDate } from "../../mail/mime/date.js";
import { latin1Decode } from "../../mail/mime/latin1.js";
import { parseMime } from "../../mail/mime/parse.js";
import { harmlessLine } from "../forms/harmless.js";
import { writeMessageIds } from "../forms/message-ids.js";

/** What a delivery status notification says. */
export interface StatusReport {
  /** The local part of its Message-ID; no two reports have the same. */
  readonly name: string;
  readonly domain: string;
  /** Mail address of who is told. */
  readonly to: string;
  readonly subject: string;
  /** Unix seconds. */
  readonly time: number;
  /** Of the mail that it is about, without angle brackets. */
  readonly messageId: string;
  /** For people. */
  readonly text: string;
  /** For programs: fields of message/delivery-status (RFC 3464 section 2), ASCII. */
  readonly status: string;
  /** The mail, or null when it is not there any more. */
  readonly original: Uint8Array | null;
  readonly originalSubject: string;
  /** How much of the original goes along. */
  readonly returned: "whole" | "header";
}

/** A delivery status notification (RFC 3464, RFC 6522). The same report makes the same octets. */
export async function composeStatusReport(report: StatusReport): Promise<Uint8Array> {
  const { name, domain, messageId } = report;
  const root = new MimeNode("multipart/report; report-type=delivery-status", {
    baseBoundary: name,
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const prepared = (key: string, value: string) =>
    root.setHeader(key, { prepared: true, foldLines: true, value });
  root.setHeader("From", { name: "Bitmessage Bridge", address: `bridge@${domain}` });
  root.setHeader("To", { address: report.to });
  root.setHeader("Subject", report.subject);
  root.setHeader("Date", formatDate(report.time, 0));
  prepared("Message-ID", `<${name}@${domain}>`);
  prepared("In-Reply-To", writeMessageIds([messageId]));
  root.setHeader("References", writeMessageIds([messageId]));
  prepared("Auto-Submitted", "auto-replied");
  prepared("MIME-Version", "1.0");
  addPart(root, "text/plain; charset=utf-8", report.text);
  addPart(root, "message/delivery-status", report.status);
  addOriginal(root, report);
  const built = await root.build();
  return new Uint8Array(built.buffer, built.byteOffset, built.byteLength);
}

/** What somebody else gave us, on one line of ASCII. */
export function fieldText(text: string): string {
  return harmlessLine(text, 500).replace(/[^ -~]/g, "?");
}

function addPart(root: MimeNode, type: string, text: string): void {
  const node = root.createChild(type);
  const isAscii = /^[\x00-\x7f]*$/.test(text);
  node.setHeader("Content-Type", type);
  node.setHeader("Content-Transfer-Encoding", isAscii ? "7bit" : "quoted-printable");
  node.setContent(Buffer.from(text.replace(/\r?\n/g, "\r\n"), "utf8"));
}

function addOriginal(root: MimeNode, report: StatusReport): void {
  const { messageId, original, returned } = report;
  if (original === null) {
    const subject = fieldText(report.originalSubject).slice(0, 200);
    addPart(root, "text/rfc822-headers", `Message-ID: <${messageId}>\nSubject: ${subject}\n`);
    return;
  }
  const whole = returned === "whole";
  const bytes = whole ? original : original.subarray(0, parseMime(original).headerEnd);
  const node = root.createChild(whole ? "message/rfc822" : "text/rfc822-headers");
  // An octet above 127 may stand here as it is; an encoding is forbidden for a message (RFC 2046 section 5.2.1).
  const isAscii = bytes.every((octet) => octet < 128);
  node.setHeader("Content-Transfer-Encoding", isAscii ? "7bit" : "8bit");
  node.setRaw(rawPart(whole ? "message/rfc822" : "text/rfc822-headers", isAscii ? "7bit" : "8bit", bytes));
}

function rawPart(type: string, encoding: string, bytes: Uint8Array): Buffer {
  const header = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return Buffer.from(header + latin1Decode(bytes), "latin1");
}
