// Mails that are made to take memory: the largest that is accepted, a hundred thousand parts, addresses or header fields, deep nesting, one
// endless line; submitted, appended, received and read on a node with a small heap. Does it live, and is what it accepted there? Where the
// heap is too small for anything, it may end, and is started again; nothing that was accepted may be missing then, and it must not end again
// by itself (a mail that kills each start).
//   node scripts/build.mjs && node scripts/bomb-mail.mjs [--build dist] [--heaps 512,128,64,48]
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Bridge, PASSWORD, until } from "./faults/bridge.mjs";
import { ImapByHand } from "./faults/imap-by-hand.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    heaps: { type: "string", default: "512,128,64,48" },
  },
});
const main = join(resolve(values.build), "src/main.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-bombs-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const say = (text) => process.stderr.write(`${text}\n`);

const MANY = 100_000;
const many = (make, count = MANY) => Array.from({ length: count }, (_, number) => make(number)).join("");
const MULTIPART = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
/** Header fields after From, To and Subject, and a body. `limit`: octets of the whole. */
const BOMBS = {
  largest: (limit) =>
    `\r\n${"A line of a mail that is as large as one may be.\r\n".repeat(Math.floor((limit - 2000) / 50))}`,
  parts: () => `${MULTIPART}\r\n${many((n) => `--b\r\n\r\n${n}\r\n`)}--b--\r\n`,
  "empty parts": () => `${MULTIPART}\r\n${many(() => "--b\r\n", 200_000)}`,
  nested: () => {
    const depth = 20_000;
    const open = many((n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`, depth);
    return `MIME-Version: 1.0\r\n${open}\r\ndeep\r\n`;
  },
  "nested messages": () => many(() => "Content-Type: message/rfc822\r\n\r\n", 50_000),
  addresses: () => `Cc: ${many((n) => `"Name ${n}" <a${n}@example.org>,\r\n `)}z@example.org\r\n\r\nText\r\n`,
  groups: () => `Cc: ${many((n) => `g${n}:;,\r\n `)}z@example.org\r\n\r\nText\r\n`,
  fields: () => `${many((n) => `X-Field-${n}: value\r\n`)}\r\nText\r\n`,
  "one field": () => `X-Long: ${many(() => "words and words\r\n ", 200_000)}end\r\n\r\nText\r\n`,
  references: () => `References: ${many((n) => `<${n}@example.org>\r\n `)}\r\n\r\nText\r\n`,
  parameters: () =>
    `MIME-Version: 1.0\r\nContent-Type: text/plain;${many((n) => `\r\n name*${n}=x;`)}\r\n\r\nText\r\n`,
  "encoded words": () => `X-Words: ${many(() => "=?utf-8?q?=C3=A4?=\r\n ")}\r\n\r\nText\r\n`,
  "one line": (limit) => `\r\n${"x".repeat(limit - 2000)}\r\n`,
  markup: () => `MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n${"<div><b>".repeat(100_000)}\r\n`,
};
const SUBMITTED = 10 * 1024 * 1024;
const APPENDED = 60 * 1024 * 1024;
/** What fits into an object. */
const SENT = 150_000;

const other = new Bridge(main, join(folder, "other"));
await other.setup("other");
await other.start();

function compose(from, to, subject, name, limit) {
  const head = `From: <${from}@bm.localhost>\r\nTo: <${to}@bm.localhost>\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(" ", "-")}@x>\r\n`;
  const rest = BOMBS[name](limit);
  return Buffer.from(limit === SENT ? `${head}${rest}`.slice(0, SENT) : `${head}${rest}`);
}

/** Resolves with the code of the answer to the whole mail; 0 when there was none. */
function submit(port, user, from, to, bytes) {
  const socket = createConnection(port, "127.0.0.1");
  const login = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
  const stuffed = Buffer.from(bytes.toString("latin1").replace(/^\./gm, ".."), "latin1");
  const steps = [
    "EHLO x\r\n",
    `AUTH PLAIN ${login}\r\n`,
    `MAIL FROM:<${from}@bm.localhost>\r\n`,
    `RCPT TO:<${to}@bm.localhost>\r\n`,
    "DATA\r\n",
    Buffer.concat([stuffed, Buffer.from("\r\n.\r\n")]),
  ];
  return new Promise((done) => {
    let step = 0;
    let text = "";
    socket.on("error", () => done(0));
    socket.on("close", () => done(0));
    socket.on("data", (chunk) => {
      text += chunk;
      const code = /^(\d{3}) .*\r\n$/m.exec(text)?.[1];
      if (code === undefined) return;
      text = "";
      if (Number(code) >= 400 || step === steps.length) {
        done(Number(code));
        socket.destroy();
      } else socket.write(steps[step++]);
    });
  });
}

/** Resolves with the tagged answer; null when the connection ended before. */
async function append(node, bytes) {
  const imap = await new ImapByHand().open(node.imapPort, "victim", PASSWORD);
  const answered = imap.append("Bombs", bytes);
  const outcome = await Promise.race([answered, gone(imap)]);
  imap.socket.destroy();
  return outcome;
}
const gone = (imap) => new Promise((done) => imap.socket.once("close", () => done(null)));

const LOOKS = [
  "UID FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE RFC822.SIZE)",
  "UID FETCH 1:* (BODY.PEEK[HEADER])",
  'UID SEARCH TEXT "no such words"',
  "UID SORT (SUBJECT FROM CC) UTF-8 ALL",
  "UID THREAD REFERENCES UTF-8 ALL",
  "UID FETCH 1:* (PREVIEW)",
];

async function measure(heap) {
  const node = new Bridge(main, join(folder, `victim-${heap}`), { settings: [`node.connect=${other.p2p}`] });
  await node.setup("victim");
  node.environment = { NODE_OPTIONS: `--max-old-space-size=${heap}` };
  const tally = {
    heap,
    submitted: 0,
    appended: 0,
    sent: 0,
    refused: {},
    deaths: [],
    failedStarts: 0,
    missing: [],
    most: 0,
  };
  const start = async () => {
    for (let time = 0; time < 3; time++) {
      try {
        await node.start();
        return true;
      } catch {
        tally.failedStarts++;
      }
    }
    return false;
  };
  if (!(await start())) return { ...tally, missing: ["it does not start at all"] };
  const promised = { Sent: [], Bombs: [] };
  const survive = async (what) => {
    await pause(300);
    if (node.isRunning) {
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${node.child.pid}/status`, "utf8"))?.[1];
      tally.most = Math.max(tally.most, Math.round(Number(peak) / 1024));
      return true;
    }
    tally.deaths.push(what);
    return start();
  };
  await (await new ImapByHand().open(node.imapPort, "victim", PASSWORD)).command("CREATE Bombs");
  for (const name of Object.keys(BOMBS)) {
    const sent = `${name} submitted`;
    const code = await submit(
      node.smtpPort,
      "victim",
      node.address,
      other.address,
      compose(node.address, other.address, sent, name, SUBMITTED),
    );
    if (code === 250) promised.Sent.push(sent);
    if (code === 250) tally.submitted++;
    else tally.refused[sent] = code;
    if (!(await survive(`submit ${name}`))) return tally;
    const kept = `${name} appended`;
    const answer = await append(node, compose("a", "b", kept, name, APPENDED));
    if (answer?.startsWith("OK")) {
      promised.Bombs.push(kept);
      tally.appended++;
    } else tally.refused[kept] = answer;
    if (!(await survive(`append ${name}`))) return tally;
  }
  await audit(node, tally, promised, survive);
  const arriving = await receive(node, tally, survive);
  await audit(node, tally, { ...promised, INBOX: arriving }, survive);
  for (const mailbox of ["Bombs", "Sent", "INBOX"])
    for (const look of LOOKS) {
      const imap = await new ImapByHand().open(node.imapPort, "victim", PASSWORD);
      await imap.command(`SELECT ${mailbox}`);
      await Promise.race([imap.command(look, 120_000), gone(imap)]).catch((error) =>
        say(`${mailbox} ${look}: ${error.message}`),
      );
      imap.socket.destroy();
      if (!(await survive(`${mailbox}: ${look}`))) return tally;
    }
  await audit(node, tally, { ...promised, INBOX: arriving }, survive);
  if (node.isRunning) await node.stop();
  return tally;
}

/** From somebody else, as large as objects may be. */
async function receive(node, tally, survive) {
  const subjects = [];
  for (const name of Object.keys(BOMBS)) {
    const subject = `${name} sent`;
    const bytes = compose(other.address, node.address, subject, name, SENT);
    const code = await submit(other.smtpPort, "other", other.address, node.address, bytes);
    if (code === 250) subjects.push(subject);
    if (code === 250) tally.sent++;
  }
  await until(async () => {
    if (!node.isRunning && !(await survive("receiving"))) return true;
    const there = await subjectsOf(node, "INBOX").catch(() => new Set());
    return subjects.every((subject) => there.has(subject));
  }, 90_000);
  return subjects;
}

async function subjectsOf(node, mailbox) {
  const imap = await new ImapByHand().open(node.imapPort, "victim", PASSWORD);
  await imap.command(`SELECT ${mailbox}`);
  const { untagged } = await imap.command("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])", 60_000);
  imap.socket.destroy();
  return new Set([...untagged.matchAll(/Subject: (.*?)\r\n/gi)].map((match) => match[1]));
}

async function audit(node, tally, promised, survive) {
  if (!(await survive("audit"))) return;
  for (const [mailbox, subjects] of Object.entries(promised)) {
    const there = await subjectsOf(node, mailbox).catch(() => null);
    if (there === null) await survive(`reading the subjects of ${mailbox}`);
    for (const subject of subjects)
      if (there !== null && !there.has(subject)) tally.missing.push(`${mailbox}: ${subject}`);
  }
}

let bad = 0;
for (const heap of values.heaps.split(",")) {
  const tally = await measure(Number(heap));
  console.log(JSON.stringify({ ...tally, missing: [...new Set(tally.missing)] }));
  if (tally.missing.length > 0 || tally.failedStarts > 0) bad++;
}
await other.stop();
process.exit(bad === 0 ? 0 : 1);
