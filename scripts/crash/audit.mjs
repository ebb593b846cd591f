// Holds a dead node's database against itself. It reads a copy, so that the node finds what the kill left.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";

/** Each finds what must not be; `n` is how often. */
const RULES = {
  "messages without their body": "SELECT count(*) n FROM message WHERE body_id NOT IN (SELECT id FROM body)",
  "bodies without bytes": "SELECT count(*) n FROM body WHERE id NOT IN (SELECT body_id FROM content)",
  "bytes without a body": "SELECT count(*) n FROM content WHERE body_id NOT IN (SELECT id FROM body)",
  "bodies that no message has": `SELECT count(*) n FROM body WHERE id NOT IN (SELECT body_id FROM message)
    AND id NOT IN (SELECT body_id FROM departed)`,
  "UIDs at or behind UIDNEXT": `SELECT count(*) n FROM message JOIN mailbox ON mailbox.id = mailbox_id WHERE uid >= uid_next`,
  "MODSEQs beyond the highest": `SELECT count(*) n FROM message JOIN mailbox ON mailbox.id = mailbox_id WHERE mod_seq > highest_mod_seq`,
  "UIDs both there and expunged": "SELECT count(*) n FROM message JOIN expunged USING (mailbox_id, uid)",
  "mailboxes with wrong totals": `SELECT count(*) n FROM mailbox WHERE (messages, size) IS NOT
    (SELECT count(*), coalesce(sum(size), 0) FROM message WHERE mailbox_id = mailbox.id)`,
  "wrong totals of the inventory": `SELECT count(*) n FROM object_total WHERE (objects, bytes) IS NOT
    (SELECT count(*), coalesce(sum(length(bytes)), 0) FROM object)`,
  "recipients without an outbox entry": `SELECT count(*) n FROM submission_recipient
    WHERE outbox_id NOT IN (SELECT id FROM outbox) AND outbox_id NOT IN (SELECT id FROM handover)`,
  "sent entries without their object's hash":
    "SELECT count(*) n FROM outbox WHERE state = 'sent' AND inventory_hash IS NULL",
  "submissions that are not in Sent": `SELECT count(*) n FROM submission WHERE message_id NOT IN (${idsIn("Sent")})`,
  "submissions under way that are not in the Outbox": `SELECT count(*) n FROM submission WHERE id IN (
    SELECT submission_id FROM submission_recipient JOIN outbox ON outbox.id = outbox_id WHERE active = 1)
    AND message_id NOT IN (${idsIn("Outbox")})`,
};

/**
 * @param {"quick" | "whole"} depth whole: the indexes as well, which takes a while
 * @returns {string[]} what is wrong
 */
export function auditDatabase(path, depth) {
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-audit-"));
  const copy = join(directory, "copy.sqlite");
  for (const end of ["", "-wal"]) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
  const database = new Database(copy);
  try {
    const integrity = database.pragma(depth === "whole" ? "integrity_check" : "quick_check", {
      simple: true,
    });
    const faults = integrity === "ok" ? [] : [`integrity: ${integrity}`];
    const strays = database.pragma("foreign_key_check");
    if (strays.length > 0) faults.push(`${strays.length} foreign keys lead nowhere`);
    for (const [rule, query] of Object.entries(RULES)) {
      const { n } = database.prepare(query).get();
      if (n > 0) faults.push(`${n} ${rule}`);
    }
    return faults;
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What is left to do and what has been done, once everything is over. */
export function readOutcome(path) {
  const database = new Database(path, { readonly: true });
  try {
    const value = (query) => database.prepare(query).pluck().get();
    return {
      objects: value("SELECT count(*) FROM object"),
      unprocessed: value("SELECT count(*) FROM object WHERE processed = 0"),
      deliveries: value("SELECT count(*) FROM delivery"),
      departed: value("SELECT count(*) FROM departed"),
    };
  } finally {
    database.close();
  }
}

function idsIn(mailbox) {
  return `SELECT body.message_id FROM mailbox JOIN message ON mailbox_id = mailbox.id JOIN body ON body.id = body_id
    WHERE name = '${mailbox}' AND body.message_id IS NOT NULL`;
}
