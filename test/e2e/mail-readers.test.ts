/** What people's programs do with a mailbox: copy it both ways, fetch it, sort it. Debian's packages, one running node. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { connectImap, mailText, readMailbox, refillMailbox, type SeenMessage } from "../support/mail-user.js";
import {
  type Outcome,
  PASSWORD,
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
let node: RunningNode;

beforeAll(async () => {
  await setupNode(join(directory.path, "node"), "alice");
  node = await startNode(join(directory.path, "node"));
}, 120_000);

afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

beforeEach(async () => {
  for (const mailbox of ["Archive", "Trash", "Drafts"]) await refillMailbox(node, "alice", mailbox, []);
});

const fill = (...subjects: string[]): Promise<void> => refillMailbox(node, "alice", "INBOX", subjects);
const read = (mailbox: string): Promise<SeenMessage[]> => readMailbox(node, "alice", mailbox);
const subjects = async (mailbox: string): Promise<string[]> =>
  (await read(mailbox)).map(({ subject }) => subject);
const flagsOf = async (subject: string): Promise<readonly string[] | undefined> =>
  (await read("INBOX")).find((message) => message.subject === subject)?.flags;

/** Changes made by somebody else meanwhile. */
async function elsewhere(subject: string, change: "delete" | readonly string[]): Promise<void> {
  const client = await connectImap(node, "alice");
  await client.mailboxOpen("INBOX");
  const uids = (await client.search({ subject }, { uid: true })) || [];
  if (change === "delete") await client.messageDelete(uids, { uid: true });
  else await client.messageFlagsAdd(uids, [...change], { uid: true });
  client.close();
}

function file(name: string, lines: readonly string[]): string {
  const path = join(directory.path, name);
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  return path;
}

function folder(name: string): string {
  const path = join(directory.path, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Messages of a maildir: subject and flags of the name. */
function maildir(path: string): Map<string, { readonly file: string; readonly flags: string }> {
  const found = new Map<string, { file: string; flags: string }>();
  for (const part of ["new", "cur"])
    for (const name of readdirSync(join(path, part))) {
      const whole = join(path, part, name);
      const subject = /^Subject: (.*?)\r?$/m.exec(readFileSync(whole, "latin1"))?.[1] ?? "";
      found.set(subject, { file: whole, flags: /:2,(.*)$/.exec(name)?.[1] ?? "" });
    }
  return found;
}

/** Sets the flags of a message in a maildir, as a mail program does. */
function setFlags(path: string, subject: string, flags: string): void {
  const { file } = maildir(path).get(subject)!;
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/:2,.*$/, "");
  renameSync(file, join(path, "cur", `${name}:2,${flags}`));
}

const well = (outcome: Outcome): Outcome => {
  expect({ status: outcome.status, stderr: outcome.status === 0 ? "" : outcome.stderr }).toEqual({
    status: 0,
    stderr: "",
  });
  return outcome;
};

describe("mbsync", () => {
  test("copies both ways: new mail, flags, expunges; twice over, with no change the second time", async () => {
    const near = folder("mbsync");
    const configuration = file("mbsyncrc", [
      ...["IMAPStore far", "Host 127.0.0.1", `Port ${node.imapPort}`, "User alice", `Pass "${PASSWORD}"`],
      ...["SSLType None", "AuthMechs PLAIN", ""],
      ...["MaildirStore near", `Path ${near}/`, `Inbox ${near}/INBOX`, "SubFolders Verbatim", ""],
      ...[
        "Channel all",
        "Far :far:",
        "Near :near:",
        "Patterns *",
        "Create Both",
        "Expunge Both",
        "SyncState *",
      ],
    ]);
    const synchronise = async (): Promise<string> => {
      const { stdout } = well(await runProgram("mbsync", ["-c", configuration, "-a", "-V"]));
      return stdout;
    };
    const inbox = join(near, "INBOX");
    await fill("one", "two", "three", "four");
    await synchronise();
    expect([...maildir(inbox).keys()].sort()).toEqual(["four", "one", "three", "two"]);

    setFlags(inbox, "one", "FS");
    setFlags(inbox, "two", "ST");
    await elsewhere("three", ["\\Answered", "\\Seen"]);
    await elsewhere("four", "delete");
    writeFileSync(join(inbox, "new", "1.near.local"), mailText("five").replaceAll("\r\n", "\n"));
    for (const round of ["first", "second"]) {
      const said = await synchronise();
      expect((await read("INBOX")).map(({ subject, flags }) => [subject, flags])).toEqual([
        ["one", ["\\Flagged", "\\Seen"]],
        ["three", ["\\Answered", "\\Seen"]],
        ["five", []],
      ]);
      const here = [...maildir(inbox)].map(([subject, { flags }]) => [subject, flags]).sort();
      expect(here).toEqual([
        ["five", ""],
        ["one", "FS"],
        ["three", "RS"],
      ]);
      if (round === "second") expect(said).not.toMatch(/[Pp]ropagating|[Cc]opying|[Uu]pdating flags of/);
    }
    const uids = (await read("INBOX")).map(({ uid }) => uid);
    await synchronise();
    expect((await read("INBOX")).map(({ uid }) => uid)).toEqual(uids);
  });
});

describe("offlineimap", () => {
  test("copies both ways, and has nothing to do the second time", async () => {
    const near = folder("offlineimap");
    const configuration = file("offlineimaprc", [
      ...[
        "[general]",
        "accounts = a",
        `metadata = ${near}/state`,
        "ui = basic",
        "[Account a]",
        "localrepository = l",
      ],
      ...["remoterepository = r", "[Repository l]", "type = Maildir", `localfolders = ${near}/mail`],
      ...[
        "[Repository r]",
        "type = IMAP",
        "remotehost = 127.0.0.1",
        `remoteport = ${node.imapPort}`,
        "ssl = no",
      ],
      ...[
        "starttls = no",
        "remoteuser = alice",
        `remotepass = ${PASSWORD}`,
        "folderfilter = lambda f: f in ['INBOX', 'Archive']",
      ],
    ]);
    const synchronise = async (): Promise<string> => {
      const { stdout, stderr } = well(
        await runProgram("offlineimap", ["-o", "-c", configuration], { environment: { HOME: near } }),
      );
      return stdout + stderr;
    };
    const inbox = join(near, "mail", "INBOX");
    await fill("one", "two", "three");
    await synchronise();
    expect([...maildir(inbox).keys()].sort()).toEqual(["one", "three", "two"]);

    setFlags(inbox, "one", "FS");
    rmSync(maildir(inbox).get("two")!.file);
    await elsewhere("three", ["\\Answered"]);
    writeFileSync(
      join(near, "mail", "Archive", "new", "1.near.local"),
      mailText("four").replaceAll("\r\n", "\n"),
    );
    await synchronise();
    expect((await read("INBOX")).map(({ subject, flags }) => [subject, flags])).toEqual([
      ["one", ["\\Flagged", "\\Seen"]],
      ["three", ["\\Answered"]],
    ]);
    expect(maildir(inbox).get("three")?.flags).toBe("R");
    expect(await subjects("Archive")).toEqual(["four"]);
    expect(await synchronise()).not.toMatch(/Copy message|Deleting|Adding flag|Removing flag|ERROR/);
    expect(await subjects("Archive")).toEqual(["four"]);
  }, 120_000);
});

describe("fetchmail", () => {
  test("takes the mail and deletes it; then there is none", async () => {
    const taken = join(directory.path, "fetchmail.mbox");
    const configuration = file("fetchmailrc", [
      `poll 127.0.0.1 protocol IMAP service ${node.imapPort} auth password user "alice" password "${PASSWORD}"`,
      `  sslproto '' fetchall no keep mda "cat >> ${taken}"`,
    ]);
    const environment = { HOME: directory.path, FETCHMAILHOME: directory.path };
    await fill("one", "two");
    well(await runProgram("fetchmail", ["-f", configuration], { environment }));
    const text = readFileSync(taken, "latin1");
    for (const subject of ["one", "two"]) expect(text).toContain(`The body of ${subject}.`);
    expect(await subjects("INBOX")).toEqual([]);
    // 1: no mail.
    expect((await runProgram("fetchmail", ["-f", configuration], { environment })).status).toBe(1);
  });
});

describe("getmail", () => {
  test("fetches each mail once and leaves it there", async () => {
    const near = folder("getmail");
    file("getmail/getmailrc", [
      ...["[retriever]", "type = SimpleIMAPRetriever", "server = 127.0.0.1", `port = ${node.imapPort}`],
      ...["username = alice", `password = ${PASSWORD}`, 'mailboxes = ("INBOX",)'],
      ...["[destination]", "type = MDA_external", "path = /bin/sh", "allow_root_commands = true"],
      ...[`arguments = ("-c", "cat >> ${near}/taken")`, "[options]", "read_all = false", "delete = false"],
    ]);
    const fetch = async (): Promise<string> =>
      well(await runProgram("getmail", ["--getmaildir", near, "--rcfile", "getmailrc"])).stdout;
    await fill("one", "two");
    expect(await fetch()).toMatch(/2 messages \(\d+ bytes\) retrieved/);
    const taken = readFileSync(join(near, "taken"), "latin1");
    for (const subject of ["one", "two"]) expect(taken).toContain(`The body of ${subject}.`);
    await elsewhere("one", ["\\Flagged"]);
    expect(await fetch()).toMatch(/0 messages \(0 bytes\) retrieved/);
    expect(await subjects("INBOX")).toEqual(["one", "two"]);
  });
});

describe("mutt", () => {
  test("flags, deletes, moves, and searches on the server", async () => {
    await fill("one", "two", "three", "four");
    const configuration = file("muttrc-readers", [
      ...[
        'set imap_user="alice"',
        `set imap_pass="${PASSWORD}"`,
        `set folder="imap://127.0.0.1:${node.imapPort}/"`,
      ],
      ...[
        "set spoolfile=+INBOX",
        "set ssl_starttls=no",
        "set ssl_force_tls=no",
        'set header_cache=""',
        "set mail_check=0",
      ],
      ...[
        "set confirmappend=no",
        "set wait_key=no",
        "set delete=yes",
        "set quit=yes",
        'set trash=""',
        "unset mark_old",
        "set sort=mailbox-order",
      ],
    ]);
    const keys = [
      "<search>=b'body of one'<enter><flag-message>",
      "<search>=b'body of two'<enter><delete-message>",
      "<search>~s three<enter><save-message>=Archive<enter>",
      "<search>~s four<enter><set-flag>r",
      "<sync-mailbox><quit>",
    ].join("");
    well(
      await runProgram("script", ["-qec", `mutt -F ${configuration} -e "push \\"${keys}\\""`, "/dev/null"], {
        environment: { TERM: "xterm", HOME: directory.path },
      }),
    );
    expect(await subjects("INBOX")).toEqual(["one", "four"]);
    expect(await flagsOf("one")).toContain("\\Flagged");
    expect(await flagsOf("four")).toContain("\\Answered");
    expect(await subjects("Archive")).toEqual(["three"]);
  });
});

describe("curl", () => {
  test("searches, flags, moves, deletes and appends", async () => {
    await fill("one", "two", "three");
    const curl = async (path: string, ...more: string[]): Promise<string> =>
      well(
        await runProgram("curl", [
          "-sS",
          "--user",
          `alice:${PASSWORD}`,
          `imap://127.0.0.1:${node.imapPort}${path}`,
          ...more,
        ]),
      ).stdout;
    expect(await curl("/INBOX?SUBJECT%20two")).toMatch(/\* SEARCH 2\r\n/);
    expect(await curl("/INBOX", "-X", 'SEARCH BODY "body of three"')).toMatch(/\* SEARCH 3\r\n/);
    await curl("/INBOX", "-X", "STORE 1 +FLAGS (\\Flagged projekt)");
    expect(await flagsOf("one")).toEqual(["\\Flagged", "projekt"]);
    await curl("/INBOX", "-X", "MOVE 2 Archive");
    expect(await subjects("Archive")).toEqual(["two"]);
    await curl("/INBOX", "-X", "STORE 2 +FLAGS.SILENT \\Deleted");
    await curl("/INBOX", "-X", "EXPUNGE");
    const upload = file("upload.eml", mailText("appended").split("\r\n"));
    await curl("/Drafts", "-T", upload);
    expect(await subjects("INBOX")).toEqual(["one"]);
    expect(await subjects("Drafts")).toEqual(["appended"]);
    expect(await curl("/Drafts;MAILINDEX=1;SECTION=TEXT")).toContain("The body of appended.");
  });
});
