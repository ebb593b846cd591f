/** What SMTP clients send, from the greeting to the end of the connection, in pieces of any size. */
import { silentLogger } from "../../../src/logger.js";
import { SmtpError } from "../../../src/mail/smtp/error.js";
import type { Envelope, SubmissionHandler } from "../../../src/mail/smtp/handler.js";
import { ListeningServer } from "../../../src/mail/smtp/listening-server.js";
import { createSubmissionServer } from "../../../src/mail/smtp/server.js";
import { cut } from "../inputs.js";
import { pipe } from "../pipe.js";
import { createRandom } from "../random.js";
import { type FuzzTarget, latin1, textOf } from "../target.js";

interface Submitted {
  readonly user: string;
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
}

let submitted: Submitted[] = [];
let errors: unknown[] = [];

const handler: SubmissionHandler = {
  maximumSize: 3000,
  authenticate: async ({ username, password }) => (password === "right" ? { name: username } : null),
  async checkSender(_user, sender) {
    if (sender.startsWith("x")) throw new SmtpError(550, "5.7.1", `${sender} is not yours.`);
  },
  async checkRecipient(_user, _sender, { address }) {
    if (address.startsWith("x")) throw new SmtpError(550, "5.1.1", `There is no ${address}.`);
  },
  async submit(user, envelope, bytes) {
    submitted.push({ user: user.name, envelope, bytes });
    return { queueId: "q" };
  },
};

const server = createSubmissionServer({
  handler,
  listen: { host: "127.0.0.1", port: 0 },
  tls: { mode: "off" },
  requireTls: false,
  name: "localhost",
  logger: { ...silentLogger, error: (text, fields) => void errors.push([text, fields]) },
});
const listening = Object.values(server as object)
  .concat((server as never as { server: unknown }).server)
  .find((value) => value instanceof ListeningServer) as ListeningServer;

/** The first octet: whether somebody has logged in already; the second: how the rest is cut. */
async function run(input: Uint8Array): Promise<void> {
  [submitted, errors] = [[], []];
  const [near, far] = pipe("together");
  let output = "";
  far.on("data", (chunk: Buffer) => {
    output += chunk.toString("latin1");
  });
  const ended = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the session hangs")), 5000);
    near.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  listening.connect(near as never, {} as never);
  if (((input[0] ?? 0) & 1) === 1) far.write("EHLO c\r\nAUTH PLAIN AGFubmEAcmlnaHQ=\r\n");
  for (const piece of cut(createRandom(input[1] ?? 0), textOf(input.subarray(2)))) far.write(piece, "latin1");
  far.end();
  await ended;
  near.destroy();
  far.destroy();
  check(output, ((input[0] ?? 0) & 1) === 1);
}

function check(output: string, isIn: boolean): void {
  if (errors.length > 0) throw new Error(`logged: ${JSON.stringify(errors).slice(0, 800)}`);
  for (const line of output.split("\r\n").slice(0, -1))
    if (!/^[2-5]\d\d[ -][^\r\n\0]*$/.test(line))
      throw new Error(`a line of an answer: ${JSON.stringify(line.slice(0, 200))}`);
  const accepted = output.match(/^250 2\.0\.0 OK: queued/gm)?.length ?? 0;
  if (accepted !== submitted.length) throw new Error(`${submitted.length} mails, ${accepted} answers`);
  for (const { user, envelope, bytes } of submitted) {
    if (!isIn && !output.includes("235 ")) throw new Error(`a mail of ${user} without a login`);
    if (bytes.length > 6000 || envelope.recipients.length === 0)
      throw new Error("a mail that is not to be taken");
    const text = textOf(bytes);
    if (/(?<!\r)\n|\r(?!\n)/.test(text)) throw new Error("a bare line end is kept");
    for (const { address } of envelope.recipients)
      if (/[\r\n\0<>\s]/.test(address)) throw new Error(`recipient ${JSON.stringify(address)}`);
  }
}

const dialogue =
  "MAIL FROM:<a@b> SIZE=100 RET=HDRS ENVID=x BODY=8BITMIME\r\nRCPT TO:<c@d> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d\r\nDATA\r\nSubject: x\r\n\r\n..body\r\n.\r\nQUIT\r\n";
const seeds = [
  `\x01\0${dialogue}`,
  `\0\0EHLO x\r\nAUTH PLAIN\r\nAGFubmEAcmlnaHQ=\r\n${dialogue}`,
  "\0\0HELO x\r\nAUTH LOGIN\r\nYW5uYQ==\r\ncmlnaHQ=\r\nMAIL FROM:<BM-x>\r\nRSET\r\nNOOP\r\nVRFY x\r\nHELP\r\nQUIT\r\n",
  "\x01\0MAIL FROM:<>\r\nRCPT TO:<BM-x>\r\nRCPT TO:<x@y>\r\nDATA\r\na\n.\nMAIL FROM:<evil@b>\r\n.\r\n",
  '\x01\0MAIL FROM:<\xc3\xa4@b> SMTPUTF8\r\nRCPT TO:<"a b"@c>\r\nDATA\r\nx\r.\r\ny\r\n.\n\r\n.\r\n',
];
const words = [
  "MAIL FROM:<",
  "RCPT TO:<",
  ">",
  "DATA\r\n",
  "\r\n.\r\n",
  "\n.\n",
  "\n.\r\n",
  "\r\n.\n",
  "\r.\r",
  "\r\n..\r\n",
  "EHLO ",
  "AUTH PLAIN ",
  "AUTH LOGIN\r\n",
  "AGFubmEAcmlnaHQ=",
  "*\r\n",
  "RSET\r\n",
  "STARTTLS\r\n",
  "NOTIFY=NEVER",
  "ORCPT=",
  "utf-8;",
  "+0A",
  "SIZE=",
  "SMTPUTF8",
  "XCLIENT ADDR=1",
  "BDAT 3 LAST\r\n",
  "__proto__=x",
];

export const smtpTargets: readonly FuzzTarget[] = [
  { name: "smtp", seeds: seeds.map(latin1), words, patience: 1000, run, close: () => server.stop() },
];
