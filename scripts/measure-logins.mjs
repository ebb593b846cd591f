/**
 * Whether the time of an answer tells what a password lacks. A node of its own; its SMTP server is asked in turns with a user that is there, one
 * that is not, other ways to write them, and an app password's shape; each from an address of its own, so that no delay comes in between. Then the
 * same of SCRAM's first answer, of those who are locked out, and how long the event loop of a node under a flood of logins takes to answer others.
 *   node scripts/measure-logins.mjs [--rounds 150] [--build dist]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MailNode } from "./support/nodes.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "150" }, build: { type: "string", default: "dist" } },
});
const rounds = Number(values.rounds);
const PASSWORD = "correct horse battery";
let fresh = 0;

const folder = mkdtempSync(join(tmpdir(), "measure-logins-"));
const node = await startNode("open", 0);
try {
  await compare("a wrong password over SMTP", {
    "user that is there": () => smtp("anna", "wrong"),
    "user that is not": () => smtp("nobody", "wrong"),
    "user that is there, with domain": () => smtp("anna@bm.localhost", "wrong"),
    "user that is not, with domain": () => smtp("nobody@bm.localhost", "wrong"),
    "shape of an app password, user there": () => smtp("anna", "abcde-fghjk-mnpqr-stuvw-xyz23"),
    "shape of an app password, user not": () => smtp("nobody", "abcde-fghjk-mnpqr-stuvw-xyz23"),
    "password half right": () => smtp("anna", PASSWORD.slice(0, -1)),
    "no password at all": () => smtp("anna", ""),
  });
  await compare(
    "the salt of SCRAM over IMAP",
    {
      "user that is there": () => scramSalt("anna"),
      "user that is not": () => scramSalt("nobody"),
      "label that is not, user there": () => scramSalt("anna+phone"),
      "label that is not, user not": () => scramSalt("nobody+phone"),
    },
    10 * rounds,
  );
  await flood();
} finally {
  await node.end("SIGTERM");
}

const locking = await startNode("locking", 3);
try {
  for (const user of ["anna", "nobody"])
    for (let count = 0; count < 3; count++)
      await smtp(user, `wrong ${count}`, { node: locking, address: "127.9.9.9" });
  await compare(
    "an answer to who is locked out",
    {
      "wrong password": () => smtp("anna", "wrong", { node: locking, address: "127.9.9.9", code: 454 }),
      "right password": () => smtp("anna", PASSWORD, { node: locking, address: "127.9.9.9", code: 454 }),
      "user that is not": () => smtp("nobody", "wrong", { node: locking, address: "127.9.9.9", code: 454 }),
    },
    5 * rounds,
  );
} finally {
  await locking.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}

async function startNode(name, failures) {
  const made = new MailNode({
    build: values.build,
    directory: join(folder, name),
    name: "anna",
    password: PASSWORD,
    settings: ["node.listen=off", `login.max_failures=${failures}`, "log.level=error"],
  });
  await made.setup();
  await made.launch();
  return made;
}

/** Asks in turns, the order another one each round; prints the median of each and how the first one's differs. */
async function compare(title, branches, count = rounds) {
  const names = Object.keys(branches);
  const times = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const offset of names.keys()) {
      const name = names[(offset * 3 + round) % names.length] ?? names[0];
      const begun = performance.now();
      await branches[name]();
      times.get(name).push(performance.now() - begun);
    }
  }
  console.log(`\n${title}: milliseconds, p25 / p50 / p75, and the chance that one is slower than the first`);
  const first = times.get(names[0]);
  for (const name of names) {
    const own = times.get(name).sort((a, b) => a - b);
    const at = (share) => own[Math.floor(own.length * share)]?.toFixed(2) ?? "-";
    console.log(
      `  ${name.padEnd(40)} ${at(0.25)} / ${at(0.5)} / ${at(0.75)}   ${slower(own, first).toFixed(2)}`,
    );
  }
}

/** Of all pairs, how many have the first slower: 0.5 where nothing can be told (Mann and Whitney). */
function slower(own, other) {
  let count = 0;
  for (const one of own) for (const two of other) count += one > two ? 1 : one === two ? 0.5 : 0;
  return count / (own.length * other.length);
}

/** How long others wait while two hundred connections try passwords. */
async function flood() {
  const idle = await pings(40);
  let goes = true;
  const attackers = Array.from({ length: 200 }, async (_, index) => {
    for (let count = 0; goes; count++)
      await smtp(`name${index}-${count}`, "wrong", {
        code: null,
        address: `127.2.${index % 100}.${1 + (index >> 1)}`,
      }).catch(() => {});
  });
  const busy = await pings(40);
  goes = false;
  await Promise.all(attackers);
  console.log(
    `\nNOOP by somebody else, p50 / p99 milliseconds: ${idle}; while 200 connections try passwords: ${busy}`,
  );
}

async function pings(times) {
  const session = await open(node.ports.imap, "127.0.0.1");
  await session.line();
  const taken = [];
  for (let count = 0; count < times; count++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    const begun = performance.now();
    session.send(`a${count} NOOP`);
    await session.line();
    taken.push(performance.now() - begun);
  }
  session.close();
  taken.sort((a, b) => a - b);
  return `${taken[Math.floor(times / 2)].toFixed(1)} / ${taken[times - 1].toFixed(1)}`;
}

/** An address that has not failed yet: Linux has all of 127.0.0.0/8. */
function nextAddress() {
  fresh++;
  return `127.1.${(fresh >> 8) & 255}.${fresh & 255}`;
}

/** One login that fails, with its connection, which all branches pay for alike. */
async function smtp(user, password, { node: asked = node, address = nextAddress(), code = 535 } = {}) {
  const session = await open(asked.ports.smtp, address);
  await session.reply();
  session.send("EHLO x");
  await session.reply();
  session.send(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString("base64")}`);
  const answer = await session.reply();
  session.close();
  if (code !== null && !answer.startsWith(String(code))) throw new Error(`expected ${code}: ${answer}`);
}

async function scramSalt(user) {
  const session = await open(node.ports.imap, nextAddress());
  await session.line();
  session.send(`a AUTHENTICATE SCRAM-SHA-256 ${Buffer.from(`n,,n=${user},r=abc`).toString("base64")}`);
  const answer = await session.line();
  session.close();
  if (!answer.startsWith("+ ")) throw new Error(answer);
}

function open(port, localAddress) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.setNoDelay(true);
    let text = "";
    let wake = () => {};
    socket.on("data", (chunk) => {
      text += chunk;
      wake();
    });
    socket.on("close", () => wake());
    socket.once("error", reject);
    const take = async (pattern) => {
      for (;;) {
        const match = pattern.exec(text);
        if (match) {
          text = text.slice(match[0].length);
          return match[0];
        }
        if (socket.destroyed) throw new Error("closed");
        await new Promise((again) => {
          wake = again;
        });
      }
    };
    socket.once("connect", () =>
      resolve({
        send: (line) => socket.write(`${line}\r\n`),
        line: () => take(/^[^\r\n]*\r\n/),
        reply: () => take(/^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/),
        close: () => socket.destroy(),
      }),
    );
  });
}
