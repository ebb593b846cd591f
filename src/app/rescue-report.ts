/** The mail that tells what was lost with a damaged database. */
import { randomBytes } from "node:crypto";
import { decodeEncodedWords } from "../mail/mime/encoded-words.js";
import type { LostMail } from "../store/salvage/mend.js";
import type { SalvageResult } from "../store/salvage/salvage.js";

export interface RescueReport {
  readonly user: string;
  readonly isOnlyUser: boolean;
  readonly result: SalvageResult;
  /** Where the damaged database is. */
  readonly kept: string;
  readonly domain: string;
  /** Unix seconds. */
  readonly time: number;
}

const MOST_LINES = 500;

export function composeRescueReport(report: RescueReport): Uint8Array {
  const { user, domain, time } = report;
  const header = [
    `From: Bitmessage Bridge <bridge@${domain}>`,
    `To: ${user}@${domain}`,
    "Subject: The database of the bridge was damaged",
    `Date: ${new Date(time * 1000).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${randomBytes(12).toString("hex")}@${domain}>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  const body = Buffer.from(textOf(report).join("\r\n")).toString("base64");
  return new Uint8Array(Buffer.from([...header, "", ...(body.match(/.{1,76}/g) ?? []), ""].join("\r\n")));
}

/** What is lost, in words; also for the command line. */
export function textOf({ user, isOnlyUser, result, kept }: RescueReport): string[] {
  const { identities, losses, strays } = result;
  const lost = result.lost.filter((mail) => mail.user === user);
  const altered = result.altered.filter((mail) => mail.user === user);
  const names = new Set(losses.map(({ table }) => table));
  const lines = [
    "The file in which the bridge keeps everything was damaged: the disk, or the",
    "machine, has changed or lost a part of it. What could be read has been saved",
    `into a new file. The damaged one is kept: ${kept}`,
    "",
    `Saved: ${result.mails} mails of all users, ${identities} identities with their keys.`,
    ...(lost.length === 0
      ? []
      : [`Lost of yours: ${lost.length} mails:`, ...lost.slice(0, MOST_LINES).map(lineOf)]),
    ...(altered.length === 0
      ? []
      : [
          `There, but not quite as they were: ${altered.length} mails:`,
          ...altered.slice(0, MOST_LINES).map(lineOf),
        ]),
    ...(strays.length > 0
      ? [
          isOnlyUser
            ? `${strays.length} mails whose folder is not known any more are in the folder Saved.`
            : `${strays.length} mails whose owner is not known any more are in the damaged file alone.`,
        ]
      : []),
    ...SENTENCES.flatMap(([table, sentence]) => (names.has(table) ? [sentence] : [])),
    "",
    "A backup from before (bmbridge restore) may have what is missing. Look after",
    "the disk: what has failed once fails again.",
    "",
  ];
  return lines;
}

/** Of tables whose loss somebody has to do something about. */
const SENTENCES: readonly (readonly [table: string, sentence: string])[] = [
  ["identity", "Some identities may be gone with their private keys: compare your list with a backup."],
  [
    "property",
    "If the private keys were encrypted, what opens them may be gone: then only a backup has them still.",
  ],
  ["user", "Some logins may be gone: bmbridge user list"],
  ["outbox", "Some messages that were under way may be gone: compare the Outbox with what you have sent."],
  ["contact", "Some contacts or blocks may be gone."],
  ["subscription", "Some subscriptions may be gone."],
  ["object", "Some objects of the network are gone; they are fetched again, as far as others have them."],
  ["mailbox", "Some folders have lost their names and are below Saved."],
];

function lineOf({ mailbox, uid, envelope }: LostMail): string {
  const subject = envelope === null ? null : subjectOf(envelope);
  return `  ${mailbox}, number ${uid}${subject === null ? "" : `: ${subject}`}`;
}

/** IMAP's envelope begins with date and subject, each quoted or NIL. */
function subjectOf(envelope: string): string | null {
  const match = /^\((?:NIL|"(?:[^"\\]|\\.)*") "((?:[^"\\]|\\.)*)"/.exec(envelope);
  return match === null
    ? null
    : decodeEncodedWords(match[1]!.replace(/\\(.)/g, "$1")).replace(/[\x00-\x1f]/g, " ");
}
