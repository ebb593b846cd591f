import { afterEach, describe, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { StoreOptions } from "../../src/store/stores.js";
import { storesContract } from "./contracts/all.js";
import { handover } from "./contracts/handovers.js";
import { mail, witness } from "./contracts/values.js";

const open: Database[] = [];

afterEach(() => {
  for (const database of open.splice(0)) database.close();
});

function database(): Database {
  const made = openDatabase(":memory:");
  open.push(made);
  return made;
}

describe("stores in SQLite", () =>
  storesContract((options?: StoreOptions) => createSqliteStores(database(), options)));

describe("content", () => {
  const count = (from: Database, table: string) =>
    from.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

  test("is kept once for all copies and goes with the last of them", () => {
    const made = database();
    const { mailboxes } = createSqliteStores(made);
    const [inbox, other] = [mailboxes.create("anna", "INBOX", {}), mailboxes.create("anna", "other", {})];
    mailboxes.append(inbox, [mail("a"), mail("b")]);
    mailboxes.copy(inbox, [1, 2], other);
    mailboxes.copy(inbox, [1], inbox);
    expect([count(made, "content"), count(made, "body")]).toEqual([2, 2]);
    mailboxes.expunge(inbox, "all", "any", null);
    expect(count(made, "content")).toBe(2);
    mailboxes.expunge(other, [1], "any", null);
    expect([count(made, "content"), count(made, "body")]).toEqual([1, 1]);
    mailboxes.remove("anna", "other");
    expect([count(made, "content"), count(made, "body")]).toEqual([0, 0]);
  });

  test("of a mail for several targets is kept once and goes with the last of them", () => {
    const made = database();
    const { handovers } = createSqliteStores(made);
    const add = (id: string, text: string) => handovers.add(handover(id), new Uint8Array(Buffer.from(text)));
    for (const id of ["a", "b", "c"]) add(id, "same");
    add("d", "other");
    expect(count(made, "handover_mail")).toBe(2);
    handovers.update(handover("a", { state: "cancelled" }));
    handovers.remove(handover("b").id);
    expect(count(made, "handover_mail")).toBe(2);
    handovers.update(handover("c", { state: "done" }));
    expect(count(made, "handover_mail")).toBe(1);
    handovers.removeUser("anna");
    expect([count(made, "handover_mail"), count(made, "handover")]).toEqual([0, 0]);
  });

  test("of many expunged messages goes in slices, and at the next start when there is no time for that", async () => {
    const made = database();
    const { mailboxes } = createSqliteStores(made);
    const inbox = mailboxes.create("anna", "INBOX", {});
    const fill = () =>
      mailboxes.append(
        inbox,
        Array.from({ length: 1200 }, (_, number) => mail(String(number))),
      ).uids;
    const uids = fill();
    expect(mailboxes.expunge(inbox, "all", "any", null).expunged).toEqual(uids);
    expect(mailboxes.status(inbox)).toMatchObject({ messages: 0, size: 0 });
    expect(mailboxes.snapshot(inbox, "read-only").messages).toEqual([]);
    expect(count(made, "content")).toBe(1200);
    for (const left of [700, 200, 0]) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect([count(made, "content"), count(made, "departed"), count(made, "header_key")]).toEqual([
        left,
        left,
        left,
      ]);
    }
    fill();
    mailboxes.expunge(inbox, "all", "any", null);
    createSqliteStores(made);
    expect([count(made, "content"), count(made, "departed")]).toEqual([0, 0]);
    await new Promise<void>((resolve) => setImmediate(resolve));
  });

  test("of expunged messages that were still held is cleared away at the next start", () => {
    const made = database();
    const { mailboxes } = createSqliteStores(made);
    const inbox = mailboxes.create("anna", "INBOX", {});
    mailboxes.subscribe(inbox, witness());
    mailboxes.append(inbox, [mail("a"), mail("b")]);
    mailboxes.expunge(inbox, [1], "any", null);
    expect([count(made, "content"), count(made, "departed")]).toEqual([2, 1]);
    createSqliteStores(made);
    expect([count(made, "content"), count(made, "departed")]).toEqual([1, 0]);
  });
});

describe("queries", () => {
  /** Every statement of the stores. */
  function statements(made: Database): string[] {
    const sources = new Set<string>();
    const watched = new Proxy(made, {
      get(target, property) {
        if (property === "prepare") {
          return (sql: string) => {
            sources.add(sql);
            return target.prepare(sql);
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    createSqliteStores(watched);
    return [...sources].filter((sql) => /^\s*(SELECT|UPDATE|DELETE)/.test(sql));
  }

  function plan(made: Database, sql: string): string[] {
    const closed = sql.replace(/\?|:[a-zA-Z_]+/g, "1");
    const rows = made.prepare(`EXPLAIN QUERY PLAN ${closed}`).all() as { detail: string }[];
    return rows.map((row) => row.detail);
  }

  /** Tables that are read or cleared as a whole on purpose; all of them are small, or read by an index in its order. */
  const WHOLE = [
    "known_node",
    "identity",
    "contact",
    "subscription",
    "second_look",
    "mailbox",
    // When a login is removed; otherwise by its indexes.
    "handover",
    "user",
    "object_total",
    "departed",
    "json_each",
    "report USING INDEX report_pending",
    "object USING INDEX object_unprocessed",
    "object USING INDEX object_unsent",
    "object USING INDEX object_by_expiry",
    "outbox USING INDEX outbox_active",
    "outbox USING INDEX outbox_by_time",
    "outbox USING COVERING INDEX outbox_by_state",
  ];

  test("never read through a table that grows", () => {
    const made = database();
    const sources = statements(made);
    expect(sources.length).toBeGreaterThan(60);
    for (const sql of sources) {
      for (const detail of plan(made, sql)) {
        const table = /^SCAN (?!\(subquery)(.*)$/.exec(detail)?.[1];
        if (table === undefined) continue;
        expect({ sql, table, allowed: WHOLE.some((one) => table.startsWith(one)) }).toMatchObject({
          allowed: true,
        });
      }
    }
  });

  test.each([
    ["FROM object WHERE (expires, stream, hash) > (?, ?, ?)", "COVERING INDEX object_by_expiry"],
    ["FROM object WHERE tag = ?", "object_by_tag"],
    ["FROM object WHERE processed = 0", "object_unprocessed"],
    ["FROM outbox WHERE active = 1", "outbox_active"],
    ["FROM handover WHERE state = 'waiting' AND target = ? ORDER BY next_attempt", "handover_waiting"],
    ["FROM handover WHERE state = 'waiting' AND target = ? AND started <= ?", "handover_by_start"],
    ["FROM handover WHERE wishes IS NOT NULL AND user = ?", "handover_by_message"],
    ["FROM thread WHERE user = ? AND correspondent = ? ORDER BY time DESC", "thread_newest"],
    ["WHERE b.message_id = ? AND m.mailbox_id = ?", "body_by_message_id"],
  ])("%s is answered in order by an index", (part, index) => {
    const made = database();
    const [sql] = statements(made).filter((source) => source.includes(part));
    const details = plan(made, sql!).join("; ");
    expect(details).toContain(index);
    if (!part.includes("message_id")) expect(details).not.toContain("TEMP B-TREE");
  });
});

describe("a disk that takes nothing", () => {
  test("can be read from: mailboxes are opened, and who logs in is not refused for the note of it", () => {
    const made = database();
    const { appPasswords, mailboxes } = createSqliteStores(made);
    const inbox = mailboxes.create("anna", "INBOX", {});
    mailboxes.append(inbox, [mail("new")]);
    made.pragma("query_only = ON");
    expect(() => mailboxes.append(inbox, [mail("more")])).toThrow("readonly");
    expect(mailboxes.snapshot(inbox, "read-write")).toMatchObject({ uidNext: 2, recentFrom: 1 });
    appPasswords.used("anna", "phone", { time: 1, service: "imap", address: "" });
    made.pragma("query_only = OFF");
    expect(mailboxes.snapshot(inbox, "read-write").recentFrom).toBe(1);
    expect(mailboxes.snapshot(inbox, "read-write").recentFrom).toBe(2);
  });
});

describe("notes of expunged messages", () => {
  function expunge(...batches: number[][]) {
    const stores = createSqliteStores(database());
    const inbox = stores.mailboxes.create("anna", "INBOX", {});
    stores.mailboxes.append(
      inbox,
      Array.from({ length: 9 }, (_, number) => mail(`${number}`)),
    );
    const modSeqs = batches.map((uids) => stores.mailboxes.expunge(inbox, uids, "any", null).highestModSeq);
    const since = (modSeq: number) => stores.mailboxes.vanishedSince(inbox, modSeq);
    return { modSeqs, since, notes: stores.expungedNotes };
  }

  test("the oldest go; whoever asks for more than is known is told so", () => {
    const { modSeqs, since, notes } = expunge([1], [2, 3], [4], [5]);
    expect(notes.forgetOldest(4, 10)).toBe(1);
    expect(notes.forgetOldest(4, 10)).toBe(0);
    expect([modSeqs[0] as number, modSeqs[1] as number].map(since)).toEqual([
      [2, 3, 4, 5],
      [4, 5],
    ]);
    expect(since((modSeqs[0] as number) - 1)).toBeNull();
  });

  test("what was expunged together goes together, a piece at a time", () => {
    const { modSeqs, since, notes } = expunge([1], [2, 3], [4], [5]);
    expect(notes.forgetOldest(1, 2)).toBe(3);
    expect(since(modSeqs[0] as number)).toBeNull();
    expect(since(modSeqs[1] as number)).toEqual([4, 5]);
    expect(notes.forgetOldest(1, 2)).toBe(1);
    expect(notes.forgetOldest(1, 2)).toBe(0);
    expect(since(modSeqs[2] as number)).toEqual([5]);
  });

  test("each mailbox has its own", () => {
    const { modSeqs, since, notes } = expunge([1]);
    expect(notes.forgetOldest(1, 5)).toBe(0);
    expect(since((modSeqs[0] as number) - 1)).toEqual([1]);
  });
});
