/** What IMAP clients send: commands in every state, and the texts within them. */

import { readCredentials } from "../../../src/mail/carddav/basic-login.js";
import { formatDateTime, parseDateTime, parseDay } from "../../../src/mail/imap/date-time.js";
import { matchesPattern } from "../../../src/mail/imap/list-pattern.js";
import {
  canonicalMailboxName,
  checkNewMailboxName,
  decodeMailboxName,
  encodeMailboxName,
} from "../../../src/mail/imap/mailbox-name.js";
import { CommandParser } from "../../../src/mail/imap/parser.js";
import { formatNumberSet, resolveRanges } from "../../../src/mail/imap/sequence-set.js";
import { parseClientFirst, ScramExchange } from "../../../src/mail/scram.js";
import { testCertificate, testKey } from "../../mail/smtp/test-certificate.js";
import { checkDecoder } from "../decoder-target.js";
import { cut, makeInput, ODD, readCommands } from "../inputs.js";
import { createRandom, type Random } from "../random.js";
import { SessionTarget, STATES, type State } from "../session-target.js";
import { expectSame, type FuzzTarget, latin1, refusing, textOf, utf8Of } from "../target.js";

const commands = readCommands("test/fuzz/commands");
const states = Object.keys(STATES) as State[];
/** Inputs that meet the same mail, which those before them have changed. */
const BATCH = 200;

let session: SessionTarget | null = null;
let inputs = 0;

/** The first octet says the state, the second how the rest is cut. */
async function runSession(input: Uint8Array): Promise<void> {
  if (session === null || inputs % BATCH === 0) {
    session = new SessionTarget(null);
    await session.fill();
  }
  inputs += 1;
  const text = textOf(input.subarray(2));
  const pieces = cut(createRandom(input[1] ?? 0), text);
  checkDecoder(pieces);
  try {
    await session.run(states[(input[0] ?? 0) % states.length]!, pieces);
  } catch (error) {
    session = null;
    throw error;
  }
}

const tls = { key: testKey, cert: testCertificate };

/** As above, after STARTTLS, encrypted or where the handshake should be. */
async function runAfterStartTls(input: Uint8Array): Promise<void> {
  const target = new SessionTarget(tls);
  const pieces = cut(createRandom(input[1] ?? 0), textOf(input.subarray(2)));
  const choice = input[0] ?? 0;
  await target.runAfterStartTls(
    states[(choice >> 1) % states.length]!,
    pieces,
    (choice & 1) === 1 ? "clear" : "encrypted",
  );
}

function makeSession(random: Random): Uint8Array {
  return latin1(String.fromCharCode(random.below(256), random.below(256)) + makeInput(random, commands));
}

/** Names, patterns, sets and dates, from one text. */
function readWords(input: Uint8Array): void {
  const text = textOf(input);
  const name = decodeMailboxName(text);
  if (name !== null) expectSame("mailbox name", encodeMailboxName(name), text);
  const [pattern = "", ...rest] = utf8Of(input).split("\n");
  const mailbox = rest.join("/");
  matchesPattern(pattern, mailbox);
  if (!matchesPattern("*", mailbox)) throw new Error("a name that * does not match");
  refusing(["ImapError"], () => checkNewMailboxName(canonicalMailboxName(mailbox)));
  const date = parseDateTime(text);
  if (date) expectSame("date", parseDateTime(formatDateTime(date)), date);
  parseDay(text);
  const set = refusing(["ImapError"], () =>
    new CommandParser([{ text, literal: null }], { arguments: 1000, depth: 50 }).sequenceSet(),
  );
  if (!set) return;
  const ranges = resolveRanges(set, 4_294_967_295);
  for (const [index, [from, to]] of ranges.entries())
    if (from > to || (index > 0 && from <= ranges[index - 1]![1]))
      throw new Error(`ranges ${JSON.stringify(ranges)}`);
  formatNumberSet(ranges.map(([from]) => from));
}

const keys = {
  salt: latin1("salt"),
  iterations: 4096,
  storedKey: new Uint8Array(32),
  serverKey: new Uint8Array(32),
};

/** A client's first message, a line end, its last. */
function logIn(input: Uint8Array): void {
  const [first = "", last = ""] = utf8Of(input).split("\n");
  readCredentials(first);
  const read = refusing(["ScramSyntaxError"], () => parseClientFirst(first));
  if (!read) return;
  const exchange = new ScramExchange(read, keys, "server");
  const answer = refusing(["ScramSyntaxError"], () => exchange.finish(last));
  const mended = last.replace(/r=[^,]*/, () => `r=${read.nonce}server`);
  if (answer !== null || refusing(["ScramSyntaxError"], () => exchange.finish(mended)) !== null)
    throw new Error("let in");
}

const words = [
  "inbox\nINBOX/x",
  "*%*\na/b",
  "1:*,3,5:2",
  "&AOk-x",
  "17-Jul-1996 02:44:25 -0700",
  "$",
  " 1-Feb-2020",
];
const logins = [
  "n,,n=user,r=abcdef\nc=biws,r=abcdefserver,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  "y,a=x=2Cy,n=u=3D,r=!\nc=eSws,r=!server,p=x",
  "Basic dXNlcjpwYXNz",
];

export const imapTargets: readonly FuzzTarget[] = [
  {
    name: "imap-sessions",
    seeds: commands.map((line) => latin1(`\x03\x01f1 ${line}\r\n`)),
    words: ODD,
    patience: 2000,
    generate: makeSession,
    run: runSession,
  },
  {
    name: "imap-starttls",
    seeds: ["\x01\0", "\0\0", "\x03\x01"].map((first) => latin1(`${first}f1 NOOP\r\n`)),
    words: ODD,
    patience: 2000,
    generate: makeSession,
    run: runAfterStartTls,
  },
  {
    name: "imap-words",
    seeds: words.map(latin1),
    words: ["*", "%", "&", "-", ":*", "$", "INBOX", "/", "&AOk-", "&-", "-Jan-", " +0000"],
    longest: 1500,
    run: readWords,
  },
  {
    name: "logins",
    seeds: logins.map(latin1),
    words: ["n=", "r=", "c=", "p=", "a=", ",", "=2C", "=3D", "biws", "m=x", "Basic "],
    run: logIn,
  },
];
