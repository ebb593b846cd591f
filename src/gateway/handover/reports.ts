import { formatDate } from "../../mail/mime/date.js";
import type { TransportError } from "../../mail/transports/transport.js";
import { harmlessLine } from "../forms/harmless.js";
import { composeStatusReport, fieldText } from "../reports/status-report.js";
import { type Handover, RELAY } from "./ports.js";
import type { HandoverReports } from "./worker.js";

export interface HandoverReportsOptions {
  readonly domain: string;
  /** Seconds after which a mail is given up; 0 for never. */
  readonly giveUpAfter: number;
  /** A sent mail as it was submitted, or null when the user has deleted it. */
  readonly readSent: (user: string, messageId: string) => Uint8Array | null;
  /** Brings a report about that handover to the user within the running transaction. */
  readonly append: (handover: Handover, bytes: Uint8Array, time: number) => void;
  /** Unix seconds. */
  readonly clock: () => number;
}

type Kind = "failed" | "delayed" | "relayed";

export function createHandoverReports(options: HandoverReportsOptions): HandoverReports {
  const prepare = async (kind: Kind, handover: Handover, reason: TransportError | null) => {
    if (handover.wishes !== null && !isWanted(kind, handover.wishes.notify)) return () => {};
    const time = options.clock();
    const bytes = await compose({ kind, handover, reason, time }, options);
    return () => options.append(handover, bytes, time);
  };
  return {
    failed: (handover, reason) => prepare("failed", handover, reason),
    delayed: (handover, reason) => prepare("delayed", handover, reason),
    relayed: (handover) => prepare("relayed", handover, null),
  };
}

/** RFC 3461 section 4.1. */
function isWanted(kind: Kind, notify: readonly string[] | null): boolean {
  if (kind === "relayed") return notify?.includes("SUCCESS") ?? false;
  return notify === null || notify.includes(kind === "failed" ? "FAILURE" : "DELAY");
}

interface Event {
  readonly kind: Kind;
  readonly handover: Handover;
  readonly reason: TransportError | null;
  readonly time: number;
}

const subjects = { failed: "Not delivered", delayed: "Delayed", relayed: "Relayed" } as const;

function compose(event: Event, options: HandoverReportsOptions): Promise<Uint8Array> {
  const { kind, handover, time } = event;
  const isRelayed = handover.target === RELAY;
  return composeStatusReport({
    name: `${handover.id}.${kind}.${time}`,
    domain: options.domain,
    to: isRelayed ? handover.sender : `${handover.user}@${options.domain}`,
    subject: isRelayed
      ? `${subjects[kind]}: ${handover.subject}`
      : `${subjects[kind]}: mail to "${handover.target}"`,
    time,
    messageId: handover.messageId,
    text: isRelayed ? relayText(event, options) : targetText(event, options),
    status: statusFields(event, options),
    original: isRelayed ? options.readSent(handover.user, handover.messageId) : null,
    originalSubject: handover.subject,
    // RFC 3461 section 6.2
    returned: kind === "failed" && handover.wishes?.ret === "FULL" ? "whole" : "header",
  });
}

function relayText(event: Event, options: HandoverReportsOptions): string {
  const { kind, handover } = event;
  const mail = `Your mail ${quoted(handover.subject)} to ${handover.recipient}`;
  const accepted = `It was accepted on ${formatDate(handover.created, 0)}.\n`;
  if (kind === "relayed") {
    return `${mail} was handed to the next mail server, which does not tell what becomes of it.\n\n${accepted}`;
  }
  if (kind === "delayed") {
    return `${mail} has not been delivered yet: ${reasonOf(event)}.\n\n${future(handover, options)}${accepted}`;
  }
  return `${mail} was not delivered: ${reasonOf(event)}.\n\nIt will not be tried again by itself; to try again: bmbridge delivery retry ${handover.id}\n${accepted}`;
}

/** One report stands for all mails that wait for the target. */
function targetText(event: Event, options: HandoverReportsOptions): string {
  const { kind, handover } = event;
  const since = formatDate(handover.started, 0);
  const what = `Mail that you have received cannot be handed to the delivery target "${handover.target}": ${reasonOf(event)}.\n\n`;
  const mail = `The oldest, ${quoted(handover.subject)} from ${handover.sender}, has waited since ${since}. It is also in your mailboxes here.\n`;
  const end =
    kind === "failed"
      ? "It will not be tried again by itself. To try again, when the target works:\n\n"
      : `${future(handover, options)}What waits, and how to try at once:\n\n`;
  const commands = `bmbridge delivery list\nbmbridge delivery retry ${handover.id}\n\n`;
  return `${what}${mail}${end}${commands}You are not told again until a mail has arrived there.\n`;
}

function future(handover: Handover, { giveUpAfter }: HandoverReportsOptions): string {
  const until = giveUpAfter === 0 ? "" : ` until ${formatDate(handover.started + giveUpAfter, 0)}`;
  return `It is tried again and again${until}. You need not do anything.\n`;
}

function quoted(subject: string): string {
  return subject === "" ? "without a subject" : `"${harmlessLine(subject, 200)}"`;
}

function reasonOf({ reason }: Event): string {
  return (reason?.message ?? "").replace(/\.$/, "");
}

function statusFields({ kind, handover, reason, time }: Event, { domain }: HandoverReportsOptions): string {
  const { wishes } = handover;
  const lines = [`Reporting-MTA: dns; ${domain}`];
  if (wishes !== null && wishes.envid !== null)
    lines.push(`Original-Envelope-Id: ${fieldText(wishes.envid)}`);
  lines.push(`Arrival-Date: ${formatDate(handover.created, 0)}`, "");
  if (wishes !== null && wishes.orcpt !== null) lines.push(`Original-Recipient: ${fieldText(wishes.orcpt)}`);
  lines.push(
    `Final-Recipient: rfc822;${fieldText(handover.recipient)}`,
    `Action: ${kind}`,
    `Status: ${statusOf(kind, reason)}`,
    `Last-Attempt-Date: ${formatDate(time, 0)}`,
  );
  if (reason !== null) lines.push(`Diagnostic-Code: smtp; ${fieldText(reason.message)}`);
  return `${lines.join("\n")}\n`;
}

function statusOf(kind: Kind, reason: TransportError | null): string {
  if (kind === "relayed") return "2.0.0";
  const given = reason?.status ?? null;
  if (kind === "delayed") return given?.startsWith("4.") ? given : "4.4.1";
  return given?.startsWith("5.") ? given : reason?.lasting === "temporary" ? "5.4.7" : "5.0.0";
}
