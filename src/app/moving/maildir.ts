/** Maildir and Maildir++ folders: reading those of notbit, Dovecot and others, and writing. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { decodeMailboxName, encodeMailboxName } from "../../mail/imap/mailbox-name.js";
import {
  LARGEST_MAIL,
  type OutsideEntry,
  shortName,
  withFileLineEnds,
  withNetworkLineEnds,
} from "./mail-file.js";

const FLAGS: Readonly<Record<string, string>> = {
  R: "\\Answered",
  S: "\\Seen",
  T: "\\Deleted",
  D: "\\Draft",
  F: "\\Flagged",
  P: "$Forwarded",
};

const PARTS = ["cur", "new", "tmp"];

export function isMaildir(path: string): boolean {
  return ["cur", "new"].some((part) => lstatSync(join(path, part), { throwIfNoEntry: false })?.isDirectory());
}

/**
 * All mail of a Maildir and the folders in it: those of Maildir++ (".A.B", names in modified UTF-7) and plain directories.
 * Links are not followed.
 */
export function* readMaildir(path: string, folder: readonly string[] = []): Generator<OutsideEntry> {
  for (const part of ["cur", "new"]) {
    const directory = join(path, part);
    if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const name of readdirSync(directory).sort()) yield* readOne(directory, name, folder);
  }
  for (const name of readdirSync(path).sort()) {
    const inner = join(path, name);
    if (PARTS.includes(name) || !lstatSync(inner).isDirectory()) continue;
    if (name.startsWith(".") && !isMaildir(inner)) continue;
    yield* readMaildir(inner, [...folder, ...levels(name)]);
  }
}

function levels(name: string): string[] {
  if (!name.startsWith(".")) return [name];
  return name
    .slice(1)
    .split(".")
    .filter((level) => level !== "")
    .map(readName);
}

function readName(name: string): string {
  return decodeMailboxName(name) ?? name;
}

function* readOne(directory: string, name: string, folder: readonly string[]): Generator<OutsideEntry> {
  const path = join(directory, name);
  const file = lstatSync(path, { throwIfNoEntry: false });
  // Gone to another reader in the meantime, a directory, or a link to who knows where.
  if (!file?.isFile() || name.startsWith(".")) return;
  if (file.size > LARGEST_MAIL) yield { place: path, reason: "it is too large" };
  else if (file.size === 0) yield { place: path, reason: "it is empty" };
  else {
    const bytes = withNetworkLineEnds(new Uint8Array(readFileSync(path)));
    yield { folder, bytes, flags: flagsOf(name), time: timeOf(name) ?? Math.floor(file.mtimeMs / 1000) };
  }
}

function flagsOf(name: string): string[] {
  const letters = /[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? "";
  return [...letters].map((letter) => FLAGS[letter]).filter((flag) => flag !== undefined);
}

/** Names begin with the seconds of delivery. */
function timeOf(name: string): number | null {
  const seconds = Number(/^(\d{9,10})\./.exec(name)?.[1] ?? "");
  return seconds > 0 ? seconds : null;
}

/** Where a mailbox stands in a Maildir++. */
export function maildirFolder(path: string, folder: readonly string[]): string {
  const name = folder.map((level) => encodeMailboxName(level).replaceAll(/[./]/g, "_")).join(".");
  return folder.length === 0 ? path : join(path, `.${shortName(name)}`);
}

/** Makes a Maildir with its three parts. */
export function makeMaildir(path: string): void {
  for (const part of PARTS) mkdirSync(join(path, part), { recursive: true, mode: 0o700 });
}

/** What is in a folder already: names of mails without their flags. */
export function maildirNames(path: string): Set<string> {
  const names = ["cur", "new"].flatMap((part) => {
    const directory = join(path, part);
    return existsSync(directory) ? readdirSync(directory) : [];
  });
  return new Set(names.map((name) => name.replace(/:2,.*$/, "")));
}

/** Adds a mail under a name, whole and on disk before it can be seen. */
export function writeMaildirMail(
  path: string,
  name: string,
  mail: { readonly bytes: Uint8Array; readonly flags: readonly string[] },
): void {
  const letters = Object.keys(FLAGS)
    .filter((letter) => mail.flags.includes(FLAGS[letter] ?? ""))
    .sort();
  const part = join(path, "tmp", name);
  // What another run left; a link would lead elsewhere.
  rmSync(part, { force: true });
  const file = openSync(part, "wx", 0o600);
  try {
    // Not writeSync, which writes less than it is given when the disk becomes full.
    writeFileSync(file, withFileLineEnds(mail.bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, join(path, "cur", `${name}:2,${letters.join("")}`));
}
