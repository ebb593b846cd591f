import { beforeEach, expect, test } from "@jest/globals";
import { mailExpiry } from "../../../src/gateway/mailboxes/mail-expiry.js";
import type { Chore } from "../../../src/gateway/upkeep.js";
import type { MailboxUpdate } from "../../../src/mail/imap/backend.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { createWorld, mailOf, messagesIn, START, type World } from "../world.js";

const DAY = 86_400;

let world: World;
let expiry: Chore;
beforeEach(async () => {
  world = createWorld();
  expiry = mailExpiry({ ...world.stores, folders: world.folders, days: 7 });
  await world.users.create("anna", "password");
});

function put(folder: string, count = 1): void {
  const bytes = mailOf("Subject: x", "", "text");
  const message = { bytes, flags: [], internalDate: { seconds: 0, zone: 0 }, digest: digestMessage(bytes) };
  const mailbox = world.folders.ensure("anna", folder);
  world.stores.mailboxes.append(mailbox, Array(count).fill(message));
}

function runAt(time: number): number {
  let pieces = 1;
  while (expiry.doSome(time) === "more") pieces++;
  return pieces;
}

test("counted from when mail came into Trash or Junk, not from its date; other folders are left alone", () => {
  for (const folder of ["Trash", "Junk", "INBOX", "Archive", "Trash/old folder"]) put(folder);
  world.time.now = START + 3 * DAY;
  put("Trash");
  runAt(START + 7 * DAY);
  expect(messagesIn(world, "Trash")).toHaveLength(2);
  runAt(START + 7 * DAY + 1);
  const counts = ["Trash", "Junk", "INBOX", "Archive", "Trash/old folder"];
  expect(counts.map((name) => messagesIn(world, name).length)).toEqual([1, 0, 1, 1, 1]);
});

test("sessions are told, a piece at a time", async () => {
  put("Trash", 2500);
  const updates: MailboxUpdate[] = [];
  const mail = await world.backend.openUser(world.anna);
  await mail.openMailbox("Trash", (update) => updates.push(update), "read-write");
  expect(runAt(START + 8 * DAY)).toBe(4);
  const expunged = updates.flatMap((update) => (update.type === "expunged" ? update.uids : []));
  expect(expunged).toHaveLength(2500);
  expect(updates).toHaveLength(3);
  mail.close();
});

test("a folder that has the special use under another name; never with 0 days", () => {
  world.stores.mailboxes.rename("anna", "Junk", "Spam");
  put("Spam");
  const never = mailExpiry({ ...world.stores, folders: world.folders, days: 0 });
  expect(never.doSome(START + 900 * DAY)).toBe("done");
  expect(messagesIn(world, "Spam")).toHaveLength(1);
  runAt(START + 8 * DAY);
  expect(messagesIn(world, "Spam")).toEqual([]);
});
