// A mailing list: what a member writes goes to all other members. Subjects "subscribe" and "unsubscribe" join and leave.
//   LIST_ADDRESS=BM-...@bm.localhost LIST_PASSWORD=... LIST_NAME=friends node scripts/examples/mailing-list.mjs
// The members stand in LIST_MEMBERS (members.json). LIST_IMAP and LIST_SMTP name other servers.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";

const { LIST_ADDRESS, LIST_PASSWORD, LIST_NAME = "list", LIST_MEMBERS = "members.json" } = process.env;
const server = (endpoint) => ({ host: endpoint.split(":")[0], port: Number(endpoint.split(":")[1]) });
const auth = { user: LIST_ADDRESS, pass: LIST_PASSWORD };
const own = { secure: false, auth, logger: false };
const imap = new ImapFlow({ ...server(process.env.LIST_IMAP ?? "127.0.0.1:1143"), ...own });
const smtp = createTransport({ ...server(process.env.LIST_SMTP ?? "127.0.0.1:1025"), ...own });
const members = new Set(existsSync(LIST_MEMBERS) ? JSON.parse(readFileSync(LIST_MEMBERS, "utf8")) : []);

const send = (to, mail) => smtp.sendMail({ from: LIST_ADDRESS, to, ...mail });
const notice = { headers: { "Auto-Submitted": "auto-replied" } };

async function handle(uid) {
  const { envelope, headers } = await imap.fetchOne(uid, { envelope: true, headers: true }, { uid: true });
  const author = envelope.from[0].address;
  const subject = (envelope.subject ?? "").replace(/^(re: *)?(\[.*?\] *)?(re: *)?/i, "");
  const command = subject.trim().toLowerCase();
  // Automatic mail, other lists and the list itself: it would come back for ever.
  const isLoop = /^(auto-submitted: *auto|list-id:)/im.test(headers.toString()) || author === LIST_ADDRESS;
  if (isLoop) console.log(`nothing done for ${author}`);
  else if (command === "subscribe" || command === "unsubscribe") {
    members[command === "subscribe" ? "add" : "delete"](author);
    writeFileSync(`${LIST_MEMBERS}.new`, JSON.stringify([...members]));
    renameSync(`${LIST_MEMBERS}.new`, LIST_MEMBERS);
    await send(author, { subject: `[${LIST_NAME}] ${command}d`, text: "Done.", ...notice });
  } else if (!members.has(author)) {
    await send(author, { subject: `[${LIST_NAME}]`, text: "Write with the subject: subscribe", ...notice });
  } else {
    const { content } = await imap.download(uid, "1", { uid: true });
    const mail = {
      subject: `[${LIST_NAME}] ${subject}`,
      text: `${author} writes:\n\n${await text(content)}`,
    };
    for (const member of members) if (member !== author) await send(member, mail);
  }
  await imap.messageFlagsAdd(uid, ["\\Seen"], { uid: true });
}

let working = Promise.resolve();
const each = async (uids) => {
  for (const uid of uids) await handle(uid).catch((error) => console.error(`${uid}: ${error.message}`));
};
imap.on(
  "exists",
  () => (working = working.then(() => imap.search({ seen: false }, { uid: true })).then(each)),
);
await imap.connect();
await imap.mailboxOpen("INBOX");
imap.emit("exists");
console.log("ready");
