/** Mail clients from Debian's packages against two running nodes: curl, msmtp, mutt and mbsync, as people use them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ImapFlow } from "imapflow";
import {
  bmbridge,
  PASSWORD,
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
let alice: RunningNode;
let bob: RunningNode;
let aliceAddress = "";
let bobAddress = "";

beforeAll(async () => {
  [aliceAddress, bobAddress] = await Promise.all([
    setupNode(join(directory.path, "alice"), "alice"),
    setupNode(join(directory.path, "bob"), "bob"),
  ]);
  bob = await startNode(join(directory.path, "bob"));
  alice = await startNode(join(directory.path, "alice"), [`node.connect=${bob.p2p}`]);
}, 120_000);

afterAll(async () => {
  await Promise.all([alice?.stop(), bob?.stop()]);
  directory.remove();
}, 120_000);

function mail(subject: string, from = aliceAddress, to = bobAddress): string {
  return `From: <${from}@bm.localhost>\r\nTo: <${to}@bm.localhost>\r\nSubject: ${subject}\r\n\r\nHello from ${subject}.\r\n`;
}

/** Resolves when INBOX of that node holds a message with that subject. */
async function arrival(node: RunningNode, user: string, subject: string): Promise<void> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: node.imapPort,
    secure: false,
    auth: { user, pass: PASSWORD },
    logger: false,
  });
  client.on("error", () => client.close());
  await client.connect();
  const arrived = new Promise<void>((resolve) => {
    client.on("exists", () => void look(resolve));
    async function look(found: () => void): Promise<void> {
      const matches = await client.search({ subject });
      if (matches !== false && (matches?.length ?? 0) > 0) found();
      else void client.idle();
    }
    void client.mailboxOpen("INBOX").then(() => look(resolve));
  });
  await arrived;
  client.close();
}

function file(name: string, text: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe("sending", () => {
  test("curl: wrong password, wrong sender, wrong recipient are refused in words", async () => {
    const upload = file("wrong.eml", mail("wrong"));
    const send = (password: string, from: string, to: string) =>
      runProgram("curl", [
        "-sS",
        "-v",
        `smtp://127.0.0.1:${alice.smtpPort}`,
        "--user",
        `alice:${password}`,
        "--mail-from",
        from,
        "--mail-rcpt",
        to,
        "-T",
        upload,
      ]);
    const own = `${aliceAddress}@bm.localhost`;
    expect((await send("wrong", own, `${bobAddress}@bm.localhost`)).stderr).toMatch(/535 5\.7\.8/);
    expect((await send(PASSWORD, `${bobAddress}@bm.localhost`, `${bobAddress}@bm.localhost`)).stderr).toMatch(
      /550 5\.7\.1/,
    );
    expect((await send(PASSWORD, own, "bob@example.com")).stderr).toMatch(/550 5\.1\.2/);
    const turned = bobAddress.replace(/.$/, (last) => (last === "a" ? "b" : "a"));
    expect((await send(PASSWORD, own, `${turned}@bm.localhost`)).stderr).toMatch(/550 5\.1\.[13]/);
  });

  test("curl: a mail goes all the way", async () => {
    const upload = file("curl.eml", mail("curl"));
    const outcome = await runProgram("curl", [
      "-sS",
      "-v",
      `smtp://127.0.0.1:${alice.smtpPort}`,
      "--user",
      `alice:${PASSWORD}`,
      "--mail-from",
      `${aliceAddress}@bm.localhost`,
      "--mail-rcpt",
      `${bobAddress}@bm.localhost`,
      "-T",
      upload,
    ]);
    const queueId = /250 2\.0\.0 .*queued as (\S+)/.exec(outcome.stderr)?.[1] ?? "";
    const shown = await bmbridge(["queue", "show", queueId, "--json", "--data-dir", alice.directory]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ to: bobAddress, subject: "curl" });
    await arrival(bob, "bob", "curl");
  }, 120_000);

  test("msmtp: a mail goes all the way", async () => {
    const configuration = file(
      "msmtprc",
      [
        "account default",
        "host 127.0.0.1",
        `port ${alice.smtpPort}`,
        "tls off",
        "auth plain",
        "user alice",
        `password "${PASSWORD}"`,
        `from ${aliceAddress}@bm.localhost`,
        "",
      ].join("\n"),
    );
    const outcome = await runProgram("msmtp", ["-C", configuration, `${bobAddress}@bm.localhost`], {
      input: mail("msmtp"),
    });
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    await arrival(bob, "bob", "msmtp");
  }, 120_000);
});

describe("reading", () => {
  test("curl lists the folders and fetches a mail", async () => {
    const url = `imap://127.0.0.1:${bob.imapPort}`;
    const login = ["-sS", "--user", `bob:${PASSWORD}`];
    const folders = await runProgram("curl", [...login, `${url}/`]);
    for (const name of ["INBOX", "Sent", "Outbox", "Drafts", "Archive", "Junk", "Trash"])
      expect(folders.stdout).toContain(name);
    const fetched = await runProgram("curl", [...login, `${url}/INBOX;MAILINDEX=1`]);
    expect(fetched.stdout).toContain(`Hello from curl.`);
    expect(fetched.stdout).toMatch(new RegExp(`^From: .*${aliceAddress}@bm\\.localhost`, "m"));
  });

  test("mbsync copies the mail and has nothing to do the second time", async () => {
    const maildir = join(directory.path, "maildir");
    mkdirSync(maildir);
    const configuration = file(
      "mbsyncrc",
      [
        "IMAPAccount bob",
        "Host 127.0.0.1",
        `Port ${bob.imapPort}`,
        "User bob",
        `Pass "${PASSWORD}"`,
        "SSLType None",
        "AuthMechs LOGIN",
        "",
        "IMAPStore far",
        "Account bob",
        "",
        "MaildirStore near",
        `Path ${maildir}/`,
        `Inbox ${maildir}/INBOX`,
        "SubFolders Verbatim",
        "",
        "Channel all",
        "Far :far:",
        "Near :near:",
        "Patterns *",
        "Create Both",
        "Expunge Both",
        "SyncState *",
        "",
      ].join("\n"),
    );
    const first = await runProgram("mbsync", ["-c", configuration, "-a"]);
    expect({ status: first.status, stderr: first.stderr }).toEqual({
      status: 0,
      stderr: "*** IMAP Warning *** Password is being sent in the clear\n",
    });
    const messages = () =>
      ["new", "cur"].flatMap((part) =>
        readdirSync(join(maildir, "INBOX", part)).map((name) => join(maildir, "INBOX", part, name)),
      );
    expect(messages()).toHaveLength(2);
    expect(
      messages()
        .map((name) => readFileSync(name, "utf8"))
        .join(""),
    ).toContain("Hello from msmtp.");
    expect(existsSync(join(maildir, "Sent"))).toBe(true);
    const second = await runProgram("mbsync", ["-c", configuration, "-a", "-V"]);
    expect(second.status).toBe(0);
    expect(messages()).toHaveLength(2);
  });

  test("mutt opens the mailbox and saves a mail", async () => {
    const saved = join(directory.path, "saved.mbox");
    const configuration = file(
      "muttrc",
      [
        `set imap_user="bob"`,
        `set imap_pass="${PASSWORD}"`,
        `set folder="imap://127.0.0.1:${bob.imapPort}/"`,
        "set spoolfile=+INBOX",
        "set ssl_starttls=no",
        "set ssl_force_tls=no",
        'set header_cache=""',
        "set confirmcreate=no",
        "set quit=yes",
        "set mail_check=0",
        "set wait_key=no",
        "set delete=yes",
        "",
      ].join("\n"),
    );
    // mutt wants a terminal: script(1) of util-linux gives it one.
    const keys = `<tag-pattern>~A<enter><tag-prefix><copy-message>${saved}<enter><exit>`;
    const outcome = await runProgram(
      "script",
      ["-qec", `mutt -F ${configuration} -e 'push "${keys}"'`, "/dev/null"],
      {
        environment: { TERM: "xterm", HOME: directory.path },
      },
    );
    expect(outcome.status).toBe(0);
    const text = readFileSync(saved, "utf8");
    for (const subject of ["curl", "msmtp"]) expect(text).toContain(`Hello from ${subject}.`);
  });
});
