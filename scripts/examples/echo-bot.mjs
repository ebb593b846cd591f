// An echo bot: sends every message back to who wrote it. With a node running:
//   BOT_ADDRESS=BM-...@bm.localhost BOT_PASSWORD=... node scripts/examples/echo-bot.mjs
// Logged in with an identity's address, it sees that identity's mail alone. BOT_IMAP and BOT_SMTP name other servers.
import { text } from "node:stream/consumers";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";

const { BOT_ADDRESS, BOT_PASSWORD, BOT_IMAP = "127.0.0.1:1143", BOT_SMTP = "127.0.0.1:1025" } = process.env;
const server = (endpoint) => ({ host: endpoint.split(":")[0], port: Number(endpoint.split(":")[1]) });
const auth = { user: BOT_ADDRESS, pass: BOT_PASSWORD };
const imap = new ImapFlow({ ...server(BOT_IMAP), secure: false, auth, logger: false });
const smtp = createTransport({ ...server(BOT_SMTP), secure: false, auth });

/** The number of the first text part. */
function textPart(structure) {
  if (structure.type === "text/plain") return structure.part ?? "1";
  return structure.childNodes?.map(textPart).find((part) => part !== undefined);
}

/** Bots do not answer bots, lists and reports (RFC 3834); else two of them talk to each other for ever. */
function isFromPerson(headers) {
  return !/^(auto-submitted: *auto|list-id:|precedence: *(bulk|list|junk))/im.test(headers);
}

async function answer(uid) {
  const query = { envelope: true, bodyStructure: true, headers: true };
  const { envelope, bodyStructure, headers } = await imap.fetchOne(uid, query, { uid: true });
  const part = textPart(bodyStructure);
  if (isFromPerson(headers.toString()) && part !== undefined) {
    const { content } = await imap.download(uid, part, { uid: true });
    await smtp.sendMail({
      from: BOT_ADDRESS,
      to: envelope.from[0].address,
      subject: `Re: ${envelope.subject ?? ""}`,
      text: await text(content),
      inReplyTo: envelope.messageId,
      references: envelope.messageId,
      headers: { "Auto-Submitted": "auto-replied" },
    });
    console.log(`answered ${envelope.from[0].address}`);
  }
  // Only now: after a crash the message is answered once more rather than never.
  await imap.messageFlagsAdd(uid, ["\\Seen"], { uid: true });
}

let working = Promise.resolve();
function work() {
  working = working
    .then(() => imap.search({ seen: false }, { uid: true }))
    .then(async (uids) => {
      for (const uid of uids) await answer(uid).catch((error) => console.error(`${uid}: ${error.message}`));
    });
}

imap.on("exists", work);
await imap.connect();
await imap.mailboxOpen("INBOX");
work();
console.log("ready");
