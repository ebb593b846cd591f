// One sector of a database that the disk does not give, for good: what is told while the node runs, and what the next start saves.
import { copyFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const NAME = "bmbridge.sqlite";
const PAGE = 4096;

/**
 * @param node stopped, with mails in Old; it is as it was afterwards
 * @param options.connect an ImapByHand that has logged in
 */
export async function spoilSectors(node, { faults, connect, count, complain }) {
  const place = node.directory;
  const file = join(place, NAME);
  const whole = `${place}.whole`;
  copyFileSync(file, whole);
  const pages = statSync(file).size / PAGE;
  const tally = { cases: 0, unread: 0, startsRefused: 0, rescued: 0, lost: 0, most: 0, toldInInbox: 0 };
  for (let number = 0; number < count; number++) {
    const page = Math.floor((number + 0.5) * (pages / count));
    for (const name of readdirSync(place)) if (name.startsWith(NAME)) rmSync(join(place, name));
    copyFileSync(whole, file);
    faults.spoil(file, page * PAGE);
    tally.cases++;
    const first = await look(node, connect);
    if (first === null) {
      tally.startsRefused++;
      tally.answer = node.log.trim().split("\n").at(-1);
    } else if (first.refused > 0) tally.unread++;
    const second = await look(node, connect);
    if (second === null) {
      complain("stuck", `page ${page}: the start after it does not work`);
      continue;
    }
    const wasRescued = readdirSync(place).some((name) => name.includes(".damaged-"));
    if (wasRescued) tally.rescued++;
    if (second.isTold) tally.toldInInbox++;
    const lost = 40 - second.read;
    tally.lost += lost;
    tally.most = Math.max(tally.most, lost);
    if (lost > 0 && !second.isTold)
      complain("lies", `page ${page}: ${lost} mails are missing, and nobody is told`);
  }
  faults.spoil(null);
  for (const name of readdirSync(place)) if (name.startsWith(NAME)) rmSync(join(place, name));
  copyFileSync(whole, file);
  return tally;
}

/** Starts the node, reads each mail, stops it; null when it does not start. */
async function look(node, connect) {
  try {
    await node.start();
  } catch {
    return null;
  }
  const imap = await connect();
  let read = 0;
  let refused = 0;
  await imap.command("SELECT Old");
  for (let mail = 1; mail <= 40; mail++) {
    const { isOk, untagged } = await imap.command(`FETCH ${mail} BODY.PEEK[]`);
    if (!isOk) refused++;
    else if (untagged.length > 30_000) read++;
  }
  await imap.command("SELECT INBOX");
  const { untagged } = await imap.command("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]");
  imap.socket.destroy();
  await node.stop();
  return { read, refused, isTold: untagged.includes("The database of the bridge was damaged") };
}
