import { describe, expect, test } from "@jest/globals";
import type { OutboxId } from "../../../src/bitmessage/messaging/types.js";
import type { ThreadEntry } from "../../../src/gateway/ports.js";
import { address, filled, type MakeStores, submission } from "./values.js";

const outboxId = (id: string) => id as OutboxId;

export function gatewayContract(make: MakeStores): void {
  test("properties by name; a change in a transaction that fails is undone", () => {
    const { properties, transactions } = make();
    expect(properties.get("network.name")).toBeNull();
    properties.set("network.name", "main");
    const failing = () =>
      transactions.run((): void => {
        properties.set("network.name", "other");
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect([properties.get("network.name"), properties.get("name")]).toEqual(["main", null]);
  });

  test("samples of minutes, by their time", () => {
    const { samples } = make();
    const at = (time: number, peers = 1) => ({
      time,
      peers,
      bytesReceived: 2 ** 40,
      bytesSent: 2,
      objectsReceived: 3,
      objectsSent: 4,
      working: 0.25,
    });
    for (const time of [120, 60, 180]) samples.add(at(time));
    samples.add(at(120, 7));
    expect(samples.since(120)).toEqual([at(120, 7), at(180)]);
    samples.removeBefore(120);
    expect(samples.since(0).map(({ time }) => time)).toEqual([120, 180]);
  });

  test("users: names in their own case", () => {
    const { users } = make();
    users.save({ name: "b", passwordHash: "x", created: 1 });
    users.save({ name: "a", passwordHash: "y", created: 2 });
    users.save({ name: "b", passwordHash: "z", created: 1 });
    expect(users.get("B")).toBeNull();
    expect(users.list().map((user) => user.passwordHash)).toEqual(["y", "z"]);
    users.remove("b");
    expect(users.get("b")).toBeNull();
  });

  test("submissions with their recipients in order", () => {
    const { submissions } = make();
    const first = submission("s1", ["z", "a"], { envid: "e" });
    submissions.add(first);
    submissions.add(submission("s2", [], { created: 200 }));
    submissions.add(submission("s3", ["q"], { created: 200, user: "bert" }));
    expect(submissions.get("s1")).toEqual(first);
    expect(submissions.get("s9")).toBeNull();
    expect(submissions.findByOutboxId(outboxId("a"))).toEqual(first);
    expect(submissions.findByOutboxId(outboxId("none"))).toBeNull();
    expect(submissions.findByMessageId("anna", "one@example", 100)?.id).toBe("s2");
    expect(submissions.findByMessageId("anna", "one@example", 201)).toBeNull();
    expect(submissions.findByMessageId("anna", "ONE@example", 0)).toBeNull();
    expect(submissions.listByMessageId("anna", "one@example").map((one) => one.id)).toEqual(["s1", "s2"]);
  });

  test("a submission that is refused leaves nothing", () => {
    const { submissions } = make();
    submissions.add(submission("s1", ["a"]));
    expect(() => submissions.add(submission("s2", ["b", "a"]))).toThrow();
    expect(() => submissions.add(submission("s1", ["c"]))).toThrow();
    expect(submissions.get("s2")).toBeNull();
    expect(submissions.findByOutboxId(outboxId("b"))).toBeNull();
  });

  test("reports: pending until removed, remembered for ever", () => {
    const { reports } = make();
    reports.add({ outboxId: outboxId("a"), kind: "delayed", time: 5 });
    reports.add({ outboxId: outboxId("b"), kind: "failed", time: 6 });
    const [first, second] = reports.pending();
    expect(first).toEqual({ id: expect.any(Number), outboxId: "a", kind: "delayed", time: 5 });
    reports.remove(first!.id);
    reports.remove(999);
    expect(reports.pending()).toEqual([second]);
    expect(reports.has(outboxId("a"), "delayed")).toBe(true);
    expect(reports.has(outboxId("a"), "failed")).toBe(false);
  });

  test("deliveries, by user", () => {
    const { deliveryLog } = make();
    deliveryLog.add("anna", "h", 1);
    deliveryLog.add("anna", "h", 2);
    expect(deliveryLog.has("anna", "h")).toBe(true);
    expect(deliveryLog.has("bert", "h")).toBe(false);
    expect(deliveryLog.has("anna", "g")).toBe(false);
  });

  test("what a user has brought along", () => {
    const { importLog, transactions } = make();
    const failing = () =>
      transactions.run((): void => {
        importLog.add("anna", "k");
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect(importLog.has("anna", "k")).toBe(false);
    for (const user of ["anna", "anna", "bert"]) importLog.add(user, "k");
    importLog.removeUser("anna");
    expect(importLog.has("anna", "k")).toBe(false);
    expect(importLog.has("bert", "k")).toBe(true);
    expect(importLog.has("bert", "l")).toBe(false);
  });

  test("what programs read, and each user's own preferences", () => {
    const { capabilities, preferences } = make();
    capabilities.set(address("b"), "inline");
    capabilities.set(address("b"), "extended");
    expect([capabilities.get(address("b")), capabilities.get(address("c"))]).toEqual(["extended", null]);
    const preference = { attachments: "refuse", encoding: null, maximumWork: 0 } as const;
    preferences.set("anna", address("b"), preference);
    preferences.set("bert", address("b"), { attachments: null, encoding: "simple", maximumWork: null });
    expect(preferences.get("anna", address("b"))).toEqual(preference);
    expect(preferences.get("anna", address("c"))).toBeNull();
    preferences.remove("bert", address("b"));
    expect(preferences.get("bert", address("b"))).toBeNull();
    preferences.removeUser("anna");
    expect(preferences.get("anna", address("b"))).toBeNull();
  });

  test("automatic answers are counted by user and correspondent, after a time", () => {
    const { automaticAnswers } = make();
    for (const time of [1, 2, 3]) automaticAnswers.add("anna", address("b"), time);
    automaticAnswers.add("anna", address("c"), 3);
    automaticAnswers.add("bert", address("b"), 3);
    expect(automaticAnswers.countAfter("anna", address("b"), 1)).toBe(2);
    expect(automaticAnswers.removeBefore(3, 1)).toBe(1);
    expect(automaticAnswers.countAfter("anna", address("b"), 0)).toBe(2);
    automaticAnswers.removeUser("anna");
    expect(automaticAnswers.countAfter("anna", address("b"), 0)).toBe(0);
    expect(automaticAnswers.countAfter("bert", address("b"), 0)).toBe(1);
  });

  test("what has had its time: the oldest first, so many at a time; a failed transaction keeps it", () => {
    const { deliveryLog, signatures, transactions } = make();
    for (const [index, name] of ["x", "y", "z"].entries()) {
      deliveryLog.add("anna", name, 10 + index);
      signatures.add("anna", filled(32, index), 10 + index);
    }
    signatures.add("anna", filled(32, 0), 20);
    for (const store of [deliveryLog, signatures]) {
      const failing = () =>
        transactions.run((): void => {
          store.removeBefore(12, 5);
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(store.removeBefore(12, 1)).toBe(1);
    }
    expect(["x", "y", "z"].map((name) => deliveryLog.has("anna", name))).toEqual([false, true, true]);
    expect([0, 1, 2].map((index) => signatures.has("anna", filled(32, index)))).toEqual([true, false, true]);
    expect(deliveryLog.removeBefore(12, 5)).toBe(1);
    expect(signatures.removeBefore(12, 5)).toBe(0);
  });

  test("submissions without messages; one can be removed with its recipients", () => {
    const { submissions, reports } = make();
    submissions.add(submission("s1", ["a"], { created: 5 }));
    submissions.add(submission("s2", [], { created: 6 }));
    submissions.add(submission("s3", [], { created: 5 }));
    expect(submissions.withoutRecipients(6, 9)).toEqual(["s3"]);
    expect(submissions.withoutRecipients(7, 1)).toEqual(["s3"]);
    submissions.remove("s1");
    expect(submissions.get("s1")).toBeNull();
    expect(submissions.findByOutboxId(outboxId("a"))).toBeNull();
    reports.add({ outboxId: outboxId("a"), kind: "failed", time: 6 });
    reports.forget(outboxId("a"));
    expect(reports.pending()).toEqual([]);
    expect(reports.has(outboxId("a"), "failed")).toBe(false);
  });

  test("what belongs to a user can be forgotten, all of it and nothing else", () => {
    const { submissions, threads, deliveryLog } = make();
    submissions.add(submission("s1", ["z", "a"]));
    submissions.add(submission("s2", ["b"], { user: "bert" }));
    for (const user of ["anna", "bert"]) {
      deliveryLog.add(user, "h", 1);
      const thread = {
        messageId: "m@x",
        hash: "h",
        correspondent: "BM-c",
        baseSubject: "s",
        excerpt: "",
        references: [],
      };
      threads.remember({ ...thread, user, time: 1 });
    }
    expect([...submissions.removeUser("anna")].sort()).toEqual(["a", "z"]);
    expect(submissions.removeUser("anna")).toEqual([]);
    for (const store of [threads, deliveryLog]) store.removeUser("anna");
    expect([submissions.get("s1"), submissions.findByOutboxId(outboxId("a"))]).toEqual([null, null]);
    expect(submissions.findByOutboxId(outboxId("b"))?.id).toBe("s2");
    expect([deliveryLog.has("anna", "h"), deliveryLog.has("bert", "h")]).toEqual([false, true]);
    expect([threads.correspondents("anna"), threads.correspondents("bert")]).toEqual([[], ["BM-c"]]);
  });

  describe("threads", () => {
    const entry = (changes: Partial<ThreadEntry>): ThreadEntry => ({
      user: "anna",
      messageId: "m1",
      hash: null,
      correspondent: "BM-b",
      baseSubject: "hello",
      excerpt: "Hello",
      references: ["r1", "r2"],
      time: 10,
      ...changes,
    });

    test("an entry without a hash gives way to the one with it; earlier hashes still find theirs", () => {
      const { threads } = make();
      threads.remember(entry({}));
      expect(threads.findByMessageId("anna", "m1")).toEqual(entry({}));
      threads.remember(entry({ hash: "h1", time: 11 }));
      threads.remember(entry({ hash: "h2", time: 12 }));
      threads.remember(entry({ hash: "h2", time: 13 }));
      expect(threads.findByMessageId("anna", "m1")).toEqual(entry({ hash: "h2", time: 13 }));
      expect(threads.findByHash("anna", "h1")).toEqual(entry({ hash: "h1", time: 11 }));
      expect(threads.findByHash("bert", "h1")).toBeNull();
      expect(threads.findBySubject("anna", "BM-b", "hello")?.hash).toBe("h2");
    });

    test("by subject: the newest between those two", () => {
      const { threads } = make();
      threads.remember(entry({ messageId: "new", time: 20 }));
      threads.remember(entry({ messageId: "old", time: 15 }));
      threads.remember(entry({ messageId: "other", correspondent: "BM-c", time: 30 }));
      threads.remember(entry({ messageId: "foreign", user: "bert", correspondent: "BM-d", time: 40 }));
      expect(threads.findBySubject("anna", "BM-b", "hello")?.messageId).toBe("new");
      expect(threads.findBySubject("anna", "BM-b", "Hello")).toBeNull();
      const names = (limit: number) =>
        threads.newest("anna", "BM-b", limit).map(({ messageId }) => messageId);
      expect([names(1), names(9)]).toEqual([["new"], ["new", "old"]]);
      expect(threads.newest("anna", "BM-b", 9)[1]).toEqual(entry({ messageId: "old", time: 15 }));
      expect([...threads.correspondents("anna")].sort()).toEqual(["BM-b", "BM-c"]);
    });
  });
}
