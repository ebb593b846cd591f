/** Sends what is found in other programs' files to the node, in portions. */
import { existsSync, statSync } from "node:fs";
import type { OldReceived } from "../../gateway/importing/old-received.js";
import type { OldSent } from "../../gateway/importing/old-sent.js";
import type { Call } from "../commands/context.js";
import { CommandError } from "../control/messages.js";
import type { UnreadableMail } from "./mail-file.js";
import { isMaildir, readMaildir } from "./maildir.js";
import { readMbox } from "./mbox.js";
import { type OldEntry, openMessagesDat } from "./messages-dat.js";

export interface ImportReport {
  added: number;
  known: number;
  continued: number;
  readonly refused: { what: string; reason: string }[];
}

interface ImportTarget {
  readonly user: string | undefined;
  readonly path: string;
  /** Tells how far it is, with the share of the whole, 0 to 1, where that is known. */
  readonly progress: (text: string, share?: number) => void;
}

const MOST_IN_PORTION = 200;
/** Octets. */
const LARGEST_PORTION = 2_000_000;

/** Folders whose names mean something to the bridge; what is in folders of the same names elsewhere goes beside them. */
const MANAGED = /^(outbox|chans|subscriptions|identities)(\/|$)/i;

/** @throws CommandError when nothing of that kind is there */
export async function importMails(
  call: Call,
  target: ImportTarget & { readonly form: "maildir" | "mbox"; readonly folder: string },
): Promise<ImportReport> {
  const { form, path, folder, user } = target;
  if (!existsSync(path)) throw new CommandError(`there is nothing at ${path}`, "wrong-use");
  const base = folder === "" ? [] : folder.split("/");
  if (form === "maildir" && !isMaildir(path)) throw new CommandError(`${path} is no Maildir`, "wrong-use");
  if (form === "mbox" && !statSync(path).isFile()) throw new CommandError(`${path} is no file`, "wrong-use");
  const report = emptyReport();
  const entries = form === "maildir" ? readMaildir(path, base) : readMbox(path, base);
  for (const portion of portions(entries, ({ bytes }) => bytes.length, report)) {
    const mails = portion.map(({ folder: levels, bytes, flags, time }) => ({
      mailbox: mailboxName(levels),
      bytes: Buffer.from(bytes).toString("base64"),
      flags: flags.filter((flag) => flag !== "\\Deleted"),
      time,
    }));
    await send(call, "import.mails", { user, mails }, report);
    target.progress(`${report.added + report.known} mails`);
  }
  target.progress("");
  return report;
}

function mailboxName(levels: readonly string[]): string {
  const name = levels.map((level) => level.replaceAll(/[/\p{Cc}\u2028\u2029]/gu, "_")).join("/");
  if (name === "") return "INBOX";
  return MANAGED.test(name) ? `Imported/${name}` : name;
}

/** Mail, address book, lists and subscriptions; identities come with `identity import keys.dat`, before. */
export async function importMessagesDat(call: Call, target: ImportTarget): Promise<ImportReport> {
  const { user, path } = target;
  const data = openMessagesDat(path);
  const report = emptyReport();
  try {
    await importPeople(call, user, data, report);
    const total = data.counts.received + data.counts.sent;
    let done = 0;
    const tables: readonly (readonly [string, Iterable<OldReceived | OldSent | UnreadableMail>])[] = [
      ["import.received", data.received()],
      ["import.sent", data.sent()],
    ];
    for (const [method, rows] of tables) {
      for (const messages of portions(rows, ({ body }) => body.length * 3, report)) {
        await send(call, method, { user, messages }, report);
        done += messages.length;
        target.progress(`${done} of ${total} messages`, done / total);
      }
    }
  } finally {
    data.close();
  }
  target.progress("");
  return report;
}

async function importPeople(
  call: Call,
  user: string | undefined,
  data: Pick<ReturnType<typeof openMessagesDat>, "contacts" | "subscriptions" | "blocked" | "allowed">,
  report: ImportReport,
): Promise<void> {
  const known = async (method: string) =>
    new Set(((await call(method, { user })) as { address: string }[]).map(({ address }) => address));
  const each = async (
    entries: readonly OldEntry[],
    there: Set<string>,
    work: (entry: OldEntry) => Promise<void>,
  ) => {
    for (const entry of entries) {
      if (there.has(entry.address)) report.known += 1;
      else await oneEntry(entry, work, report);
    }
  };
  const contacts = await known("contact.list");
  const add = async ({ address, label }: OldEntry) => {
    await call("contact.add", { user, address, label });
    contacts.add(address);
  };
  await each([...data.contacts, ...data.allowed], contacts, add);
  const blocked = data.blocked.filter(({ enabled }) => enabled);
  await each(blocked, contacts, async (entry) => {
    await add(entry);
    await call("contact.block", { user, address: entry.address });
  });
  await each(data.subscriptions, await known("subscription.list"), async ({ address, label, enabled }) => {
    if (enabled) await call("subscription.add", { user, address, label });
    else throw new CommandError("it was switched off there");
  });
}

async function oneEntry(
  entry: OldEntry,
  work: (entry: OldEntry) => Promise<void>,
  report: ImportReport,
): Promise<void> {
  try {
    await work(entry);
    report.added += 1;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    report.refused.push({ what: entry.label || entry.address, reason: error.message });
  }
}

/** Portions that fit into a request; what could not be read goes into the report. */
function* portions<T extends object>(
  entries: Iterable<T | UnreadableMail>,
  sizeOf: (entry: T) => number,
  report: ImportReport,
): Generator<T[]> {
  let portion: T[] = [];
  let size = 0;
  for (const entry of entries) {
    if ("reason" in entry && "place" in entry) {
      report.refused.push({ what: entry.place, reason: entry.reason });
      continue;
    }
    const one = entry as T;
    if (portion.length > 0 && (portion.length >= MOST_IN_PORTION || size + sizeOf(one) > LARGEST_PORTION)) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(one);
    size += sizeOf(one);
  }
  if (portion.length > 0) yield portion;
}

async function send(
  call: Call,
  method: string,
  params: Record<string, unknown>,
  report: ImportReport,
): Promise<void> {
  const done = (await call(method, params)) as ImportReport;
  report.added += done.added;
  report.known += done.known;
  report.continued += done.continued;
  report.refused.push(...done.refused);
}

function emptyReport(): ImportReport {
  return { added: 0, known: 0, continued: 0, refused: [] };
}
