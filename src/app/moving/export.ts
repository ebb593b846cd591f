/** Writes what the node has into files that other programs read. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "../commands/context.js";
import { CommandError } from "../control/messages.js";
import { shortName } from "./mail-file.js";
import { maildirFolder, maildirNames, makeMaildir, writeMaildirMail } from "./maildir.js";
import { mboxEntry } from "./mbox.js";
import { type PeopleTable, writeMessagesDat } from "./write-messages-dat.js";

interface ExportTarget {
  readonly user: string | undefined;
  readonly path: string;
  /** Tells how far it is, with the share of the whole, 0 to 1, where that is known. */
  readonly progress: (text: string, share?: number) => void;
}

interface Mailbox {
  readonly name: string;
  readonly messages: number;
  readonly uidValidity: number;
}

interface Mail {
  readonly uid: number;
  readonly bytes: Uint8Array;
  readonly flags: readonly string[];
  readonly time: number;
}

/** All mailboxes of a user; returns how many mails were written of each. A Maildir that is there is completed, an mbox file is never overwritten. */
export async function exportMail(
  call: Call,
  target: ExportTarget & { readonly form: "maildir" | "mbox" },
): Promise<Record<string, number>> {
  const { user, path, form } = target;
  const mailboxes = (await call("export.mailboxes", { user })) as Mailbox[];
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const written: Record<string, number> = {};
  const files = new Set<string>();
  for (const mailbox of mailboxes) {
    // What is on its way has its copy in Sent.
    if (mailbox.name === "Outbox") continue;
    const write = form === "maildir" ? intoMaildir(path, mailbox) : intoMbox(path, mailbox, files);
    let count = 0;
    for await (const mail of mails(call, user, mailbox.name)) {
      if (write(mail)) count += 1;
      target.progress(`${mailbox.name}: ${count} of ${mailbox.messages}`, count / mailbox.messages);
    }
    written[mailbox.name] = count;
  }
  target.progress("");
  return written;
}

async function* mails(call: Call, user: string | undefined, mailbox: string): AsyncGenerator<Mail> {
  let after = 0;
  for (;;) {
    const portion = (await call("export.mails", { user, mailbox, after })) as (Omit<Mail, "bytes"> & {
      bytes: string;
    })[];
    for (const mail of portion) {
      yield { ...mail, bytes: new Uint8Array(Buffer.from(mail.bytes, "base64")) };
      after = mail.uid;
    }
    if (portion.length === 0) return;
  }
}

/** A mail's name tells its UID, so that a second run writes only what is new. */
function intoMaildir(root: string, mailbox: Mailbox): (mail: Mail) => boolean {
  const folder = maildirFolder(root, mailbox.name === "INBOX" ? [] : mailbox.name.split("/"));
  makeMaildir(folder);
  const there = maildirNames(folder);
  return (mail) => {
    const name = `${mail.time}.V${mailbox.uidValidity}U${mail.uid}.bmbridge`;
    if (there.has(name)) return false;
    writeMaildirMail(folder, name, mail);
    return true;
  };
}

/** @param files names of files that have been written, folded as some file systems do; a name is numbered where it is there already */
function intoMbox(root: string, { name }: Mailbox, files: Set<string>): (mail: Mail) => boolean {
  const wanted = shortName(name.replaceAll(/[/\\]/g, ".").replace(/^\.+/, "_"));
  let unique = wanted;
  for (let number = 2; files.has(unique.toLowerCase()); number++) unique = `${wanted} (${number})`;
  files.add(unique.toLowerCase());
  const file = join(root, `${unique}.mbox`);
  if (existsSync(file)) throw new CommandError(`${file} is there already; an export never overwrites`);
  writeFileSync(file, "", { mode: 0o600, flag: "wx" });
  return (mail) => {
    appendFileSync(file, mboxEntry(mail.bytes, mail.time));
    return true;
  };
}

/** Without them PyBitmessage takes the file for none, and writes a new one over it. It asks before it connects, as where it is new. */
const SETTINGS = "[bitmessagesettings]\nsettingsversion = 10\ndontconnect = true\n";

/** Every identity with its private keys, as PyBitmessage's keys.dat; the file is for its owner only. */
export async function exportKeys(call: Call, target: ExportTarget): Promise<Record<string, number>> {
  const rows = (await call("identity.list")) as { address: string; user: string }[];
  const own = rows.filter(({ user }) => target.user === undefined || user === target.user);
  const sections: string[] = [SETTINGS];
  for (const { address, user } of own) {
    const { keysDat } = (await call("identity.export", { address, user })) as { keysDat: string };
    sections.push(keysDat);
  }
  if (existsSync(target.path))
    throw new CommandError(`${target.path} is there already; an export never overwrites`);
  writeFileSync(target.path, sections.join("\n"), { mode: 0o600, flag: "wx" });
  return { identities: own.length };
}

/** Mail and people, as PyBitmessage's messages.dat; identities go with exportKeys. */
export async function exportMessagesDat(
  call: Call,
  target: ExportTarget & { /** Unix seconds. */ readonly now: number },
): Promise<Record<string, number>> {
  const { user, path, progress } = target;
  const file = writeMessagesDat(path, target.now);
  const counts: Record<string, number> = {};
  try {
    for (const table of ["received", "sent"] as const) {
      let count = 0;
      for (;;) {
        const rows = (await call("export.messages", { user, table, after: count })) as never[];
        if (rows.length === 0) break;
        file[table](rows);
        count += rows.length;
        progress(`${table}: ${count} messages`);
      }
      counts[table] = count;
    }
    const contacts = (await call("contact.list", { user })) as OldPerson[];
    const people = {
      addressbook: contacts.filter(({ blocked }) => !blocked),
      blacklist: contacts.filter(({ blocked }) => blocked),
      subscriptions: (await call("subscription.list", { user })) as OldPerson[],
    };
    for (const [table, rows] of Object.entries(people)) {
      file.people(table as PeopleTable, rows);
      counts[table] = rows.length;
    }
  } catch (error) {
    file.abandon();
    throw error;
  } finally {
    progress("");
  }
  file.finish();
  return counts;
}

interface OldPerson {
  readonly label: string;
  readonly address: string;
  readonly blocked?: boolean;
}
