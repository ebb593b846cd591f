import type { FailureReason, OutboxEntry } from "../../bitmessage/messaging/types.js";
import { formatDate } from "../../mail/mime/date.js";
import type { ReportKind, Submission, SubmissionRecipient } from "../ports.js";
import { composeStatusReport, fieldText } from "./status-report.js";

/** A delivery status report to write. */
export interface Report {
  readonly kind: ReportKind;
  /** Unix seconds of what is reported. */
  readonly time: number;
  readonly submission: Submission;
  readonly recipient: SubmissionRecipient;
  readonly entry: OutboxEntry | null;
  /** The mail as it was submitted, or null when the user has deleted it. */
  readonly original: Uint8Array | null;
}

export interface ReportContext {
  readonly domain: string;
  /** Mail address of the sender of the mail: the report goes there. */
  readonly to: string;
  /** Mail address and name of the recipient that is reported about. */
  readonly recipient: string;
  readonly recipientLabel: string | null;
  /** What sending it takes (see `priceText`); null when that is not known. */
  readonly price: string | null;
}

const failures: Readonly<Record<FailureReason, { readonly status: string; readonly text: string }>> = {
  "bad-key": { status: "5.7.5", text: "the recipient's public key cannot be used" },
  "too-difficult": { status: "5.7.0", text: "the recipient demands more work than send.max_work allows" },
  "too-large": { status: "5.3.4", text: "the message is too large for the network" },
  "given-up": { status: "5.4.7", text: "the recipient could not be reached in the time set for it" },
  "identity-gone": { status: "5.1.8", text: "the identity it was to be sent from has been removed" },
};

const actions: Readonly<Record<ReportKind, { readonly subject: string; readonly action: string }>> = {
  delivered: { subject: "Delivered", action: "delivered" },
  delayed: { subject: "Delayed", action: "delayed" },
  failed: { subject: "Not delivered", action: "failed" },
};

/** The same report makes the same octets. */
export function composeReport(report: Report, context: ReportContext): Promise<Uint8Array> {
  const { submission, kind, time, original } = report;
  return composeStatusReport({
    name: `${report.recipient.outboxId}.${kind}.${time}`,
    domain: context.domain,
    to: context.to,
    subject: `${actions[kind].subject}: ${submission.subject}`,
    time,
    messageId: submission.messageId,
    text: explanation(report, context),
    status: deliveryStatus(report, context),
    original,
    originalSubject: submission.subject,
    // RFC 3461 section 6.2
    returned: kind === "failed" && submission.ret === "FULL" ? "whole" : "header",
  });
}

function explanation(report: Report, context: ReportContext): string {
  const { kind, entry, submission } = report;
  const label = context.recipientLabel;
  const recipient = label === null ? context.recipient : `${label} (${context.recipient})`;
  const subject = submission.subject === "" ? "without a subject" : `"${submission.subject}"`;
  const mail = `Your mail ${subject} to ${recipient}`;
  const sent = `It was submitted on ${formatDate(submission.created, 0)}.\n`;
  if (kind === "delivered") return `${mail} has arrived: the recipient has acknowledged it.\n\n${sent}`;
  if (kind === "delayed") {
    return (
      `${mail} has not been sent yet: the recipient's public key has not been found so far.\n\n` +
      "It will be sent as soon as the recipient has been online. You need not do anything.\n" +
      `To stop it, answer this mail with the word cancel, or write a mail with the subject "cancel ${report.recipient.outboxId}" ` +
      `to bridge@${context.domain}.\n${sent}`
    );
  }
  const reason = entry?.failure ? failures[entry.failure].text : "it could not be sent";
  const advice = entry?.failure ? advices[entry.failure](entry, context) : "";
  return `${mail} was not delivered: ${reason}.\n\n${advice}It will not be tried again by itself.\n${sent}`;
}

type Advice = (entry: OutboxEntry, context: ReportContext) => string;

const again: Advice = ({ id }, { domain }) =>
  `To try again, answer this mail with the word retry, or write a mail with the subject "retry ${id}" to bridge@${domain}.\n`;

/** What the person can do, in whole lines. */
const advices: Readonly<Record<FailureReason, Advice>> = {
  "too-difficult": ({ id }, { domain, price }) =>
    `${price === null ? "" : `Sending it takes ${price}.\n`}` +
    `To send it nevertheless, answer this mail with the word accept, write a mail with the subject "accept ${id}" to bridge@${domain}, ` +
    `or use the command: bmbridge queue retry ${id} --accept-price\n` +
    "A mail with the header field X-Bitmessage-Max-Work (trials, 0 for no limit) says beforehand what it may cost.\n",
  "given-up": (entry, context) => `${whatWasTried(entry)}\n${again(entry, context)}`,
  "bad-key": () => "The recipient has to publish another key, or to give you another address.\n",
  "too-large": () => "Make its pictures smaller, compress its attachments, or send them in several mails.\n",
  "identity-gone": () => "",
};

function whatWasTried({ attempts }: OutboxEntry): string {
  if (attempts === 0) return "The recipient's public key was asked for, and nobody has answered.";
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return `It was sent ${times}, and the recipient has not acknowledged it; perhaps it has arrived nevertheless.`;
}

function deliveryStatus(report: Report, context: ReportContext): string {
  const { kind, submission, recipient, entry, time } = report;
  const failure = kind === "failed" && entry?.failure ? failures[entry.failure] : null;
  const status = kind === "delivered" ? "2.0.0" : kind === "delayed" ? "4.4.1" : (failure?.status ?? "5.0.0");
  const lines = [`Reporting-MTA: dns; ${context.domain}`];
  if (submission.envid !== null) lines.push(`Original-Envelope-Id: ${fieldText(submission.envid)}`);
  lines.push(`Arrival-Date: ${formatDate(submission.created, 0)}`, "");
  if (recipient.orcpt !== null) lines.push(`Original-Recipient: ${fieldText(recipient.orcpt)}`);
  lines.push(`Final-Recipient: rfc822;${context.recipient}`);
  lines.push(
    `Action: ${actions[kind].action}`,
    `Status: ${status}`,
    `Last-Attempt-Date: ${formatDate(time, 0)}`,
  );
  if (failure !== null) lines.push(`Diagnostic-Code: X-Bitmessage; ${failure.text}`);
  return `${lines.join("\n")}\n`;
}
