import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CommitGroup } from "../../src/store/commit-group.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createMemoryStores } from "../../src/store/memory/stores.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { Stores } from "../../src/store/stores.js";

let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
});
afterEach(() => {
  database.close();
});

describe.each([
  ["SQLite", () => createSqliteStores(database)],
  ["memory", () => createMemoryStores()],
] as const)("commits together over %s", (_name, make: () => Stores) => {
  test("what is asked for in one turn is one transaction, told when it is over", async () => {
    const { commits, transactions, properties } = make();
    const order: string[] = [];
    const one = (name: string) =>
      commits
        .together(() => {
          properties.set(name, name);
          order.push(name);
          transactions.afterCommit(() => order.push(`${name} committed`));
          return name;
        })
        .then((result) => order.push(`${result} told`));
    const all = Promise.all([one("a"), one("b")]);
    expect(properties.get("a")).toBeNull();
    await all;
    expect(order).toEqual(["a", "b", "a committed", "b committed", "a told", "b told"]);
    await one("c");
    expect(["a", "b", "c"].map((name) => properties.get(name))).toEqual(["a", "b", "c"]);
  });

  test("one that fails leaves nothing and takes no other along", async () => {
    const { commits, properties } = make();
    const bad = commits.together((): void => {
      properties.set("bad", "x");
      throw new Error("no");
    });
    const good = commits.together(() => properties.set("good", "x"));
    await expect(bad).rejects.toThrow("no");
    await good;
    expect([properties.get("bad"), properties.get("good")]).toEqual([null, "x"]);
  });
});

describe("waiting for others", () => {
  let sizes: number[];
  let committed: number[];
  let waits: { over: () => void; ended: boolean }[];
  let group: CommitGroup;

  beforeEach(() => {
    sizes = [];
    committed = [];
    waits = [];
    const transactions = {
      run<T>(work: () => T): T {
        sizes.push(0);
        const result = work();
        // Each work is a transaction within.
        const inner = sizes.pop()!;
        if (sizes.length > 0) sizes[sizes.length - 1]!++;
        else committed.push(inner);
        return result;
      },
    };
    group = new CommitGroup(transactions, (over) => {
      const wait = { over, ended: false };
      waits.push(wait);
      return () => {
        wait.ended = true;
      };
    });
  });
  const ask = (coming = 0) => group.together(() => undefined, coming);

  test("who is alone waits for nobody", async () => {
    await ask();
    await ask();
    expect([committed, waits]).toEqual([[1, 1], []]);
  });

  test("those that are said to be coming are waited for, until they come", async () => {
    const all = [ask(2), ask(1)];
    await setImmediate();
    expect(committed).toEqual([]);
    all.push(ask(0));
    await Promise.all(all);
    expect([committed, waits]).toEqual([[3], [expect.objectContaining({ ended: true })]]);
  });

  test("as many as the last time are waited for, but not for long", async () => {
    await Promise.all([ask(), ask(), ask()]);
    const one = ask();
    await setImmediate();
    expect(committed).toEqual([3]);
    waits[0]!.over();
    await one;
    await ask();
    expect(committed).toEqual([3, 1, 1]);
    expect(waits).toHaveLength(1);
  });
});

test("when the commit fails, all are told so, and later ones go on", async () => {
  const { commits, properties } = createSqliteStores(database);
  database.exec(
    "CREATE TEMP TRIGGER full BEFORE INSERT ON property WHEN NEW.name = 'full' BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
  );
  const first = commits.together(() => properties.set("first", "x"));
  const full = commits.together(() => properties.set("full", "x"));
  const told = { message: "full" };
  await Promise.all([expect(first).rejects.toMatchObject(told), expect(full).rejects.toMatchObject(told)]);
  expect(properties.get("first")).toBeNull();
  await commits.together(() => properties.set("later", "x"));
  expect(properties.get("later")).toBe("x");
});

test("of a full disk all are told that it is full", async () => {
  const { commits, properties } = createSqliteStores(database);
  const pages = database.pragma("page_count", { simple: true }) as number;
  database.pragma(`max_page_count = ${pages + 2}`);
  const large = commits.together(() => properties.set("large", "x".repeat(100_000)));
  const small = commits.together(() => properties.set("small", "x"));
  const outcomes = await Promise.allSettled([large, small]);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "SQLITE_FULL" });
  }
  expect(outcomes[0]?.status).toBe("rejected");
  database.exec(
    "CREATE TEMP TRIGGER gone BEFORE INSERT ON property WHEN NEW.name = 'gone' BEGIN SELECT RAISE(ROLLBACK, 'gone'); END",
  );
  const first = commits.together(() => properties.set("gone", "x"));
  const second = commits.together(() => properties.set("other", "x"));
  const told = { message: "gone" };
  await Promise.all([expect(first).rejects.toMatchObject(told), expect(second).rejects.toMatchObject(told)]);
});
