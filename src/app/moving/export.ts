/** Writes what the node has into files that other programs read. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "../commands/context.js";
import { CommandError } from "../control/messages.js";
import { maildirFolder, maildirNames, makeMaildir, writeMaildirMail } from "./maildir.js";
import { mboxEntry } from "./mbox.js";

interface ExportTarget {
  readonly user: string | undefined;
  readonly path: string;
  readonly progress: (text: string) => void;
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
      target.progress(`${mailbox.name}: ${count} of ${mailbox.messages}`);
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
  const wanted = name.replaceAll(/[/\\]/g, ".").replace(/^\.+/, "_");
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

/** Every identity with its private keys, as PyBitmessage's keys.dat; the file is for its owner only. */
export async function exportKeys(call: Call, target: ExportTarget): Promise<Record<string, number>> {
  const rows = (await call("identity.list")) as { address: string; user: string }[];
  const own = rows.filter(({ user }) => target.user === undefined || user === target.user);
  const sections: string[] = [];
  for (const { address, user } of own) {
    const { keysDat } = (await call("identity.export", { address, user })) as { keysDat: string };
    sections.push(keysDat);
  }
  if (existsSync(target.path))
    throw new CommandError(`${target.path} is there already; an export never overwrites`);
  writeFileSync(target.path, sections.join("\n"), { mode: 0o600, flag: "wx" });
  return { identities: sections.length };
}
