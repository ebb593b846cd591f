import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Handover, RELAY } from "../../../src/gateway/handover/ports.js";
import { createHandoverQueue, type HandoverQueue } from "../../../src/gateway/handover/queue.js";
import type { HandoverPolicy } from "../../../src/gateway/handover/worker.js";
import { silentLogger } from "../../../src/logger.js";
import { type OutboundMail, type Receipt, TransportError } from "../../../src/mail/transports/transport.js";
import { type Database, openDatabase } from "../../../src/store/database.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import { ManualTime } from "../../support/messaging/manual-time.js";

const START = 1_700_000_000;
const policy: HandoverPolicy = {
  firstWait: 60,
  longestWait: 3600,
  delayWarning: 14_400,
  giveUpAfter: 86_400,
};
const bytes = new Uint8Array([1, 2, 3]);

const busy = () => new TransportError("451 later", { lasting: "temporary", about: "mail" });
const away = () => new TransportError("ECONNREFUSED", { lasting: "temporary", about: "target" });
const refused = () => new TransportError("550 no", { lasting: "permanent", about: "mail", status: "5.1.1" });

/** A target whose answers the test gives; without one it takes every mail. */
class FakeTarget {
  readonly got: OutboundMail[] = [];
  answer: (mail: OutboundMail) => Promise<Receipt> | Receipt = () => ({ reports: "nobody" });
  async deliver(mail: OutboundMail): Promise<Receipt> {
    this.got.push(mail);
    return this.answer(mail);
  }
}

let database: Database;
let stores: ReturnType<typeof createSqliteStores>;
let time: ManualTime;
let home: FakeTarget;
let relay: FakeTarget;
let reports: string[];
let seen: string[];
let queue: HandoverQueue;
let ids = 0;

beforeEach(() => {
  database = openDatabase(":memory:");
  stores = createSqliteStores(database);
  time = new ManualTime(START);
  [home, relay, reports, seen, ids] = [new FakeTarget(), new FakeTarget(), [], [], 0];
  queue = createQueue();
});

afterEach(async () => {
  await queue.stop();
  database.close();
});

function createQueue(changes: Partial<HandoverPolicy> = {}): HandoverQueue {
  const report = (kind: string) => async (handover: Handover) => () => {
    reports.push(`${kind} ${handover.id}`);
  };
  return createHandoverQueue({
    handovers: stores.handovers,
    transactions: stores.transactions,
    targets: [
      { name: "home", transport: home },
      { name: RELAY, transport: relay },
    ],
    reports: { failed: report("failed"), delayed: report("delayed"), relayed: report("relayed") },
    policy: { ...policy, ...changes },
    observer: (handover) => seen.push(`${handover.id} ${handover.state}`),
    clock: time.clock,
    timer: time.timer,
    random: () => 0.5,
    newId: () => `h${++ids}`,
    log: silentLogger,
  });
}

function add(changes: Partial<Parameters<HandoverQueue["add"]>[0]> = {}): Handover {
  return stores.transactions.run(() =>
    queue.add(
      {
        target: "home",
        user: "anna",
        sender: "bob@bm.localhost",
        recipient: "anna@example.org",
        subject: "Hello",
        messageId: "one@bm.localhost",
        wishes: null,
        ...changes,
      },
      bytes,
    ),
  );
}

/** Until nothing runs but timers. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(seconds: number): Promise<void> {
  const end = time.now + seconds;
  for (let next = time.next(); next !== null && next <= end; next = time.next()) {
    time.advanceTo(next);
    await settle();
  }
  time.advanceTo(end);
  await settle();
}

const wishes = { ret: "HDRS", envid: null, notify: null, orcpt: null, original: "bob@example.com" } as const;

describe("a queue of mail for another system", () => {
  test("hands over after the commit, in order, and forgets", async () => {
    queue.start();
    add();
    add({ recipient: "second@example.org" });
    expect(home.got).toEqual([]);
    await settle();
    expect(home.got.map((mail) => mail.recipient)).toEqual(["anna@example.org", "second@example.org"]);
    expect(home.got[0]).toMatchObject({ id: "h1", attempt: 1, bytes });
    expect(queue.list()).toEqual([]);
    expect(stores.handovers.get(home.got[0]!.id as Handover["id"])).toBeNull();
  });

  test("what a rolled back transaction has added is never handed over", async () => {
    queue.start();
    const failing = () =>
      stores.transactions.run((): void => {
        add();
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    await settle();
    expect(home.got).toEqual([]);
  });

  // An older gateway gave a mail up when the other server was down for a moment.
  test("is not given up at the first failure, nor at the tenth, and arrives when the server is back", async () => {
    queue.start();
    home.answer = () => Promise.reject(away());
    add();
    await settle();
    expect(queue.list()).toMatchObject([{ state: "waiting", attempts: 1, error: "ECONNREFUSED" }]);
    await pass(6 * 3600);
    expect(home.got.length).toBeGreaterThan(10);
    home.answer = () => ({ reports: "nobody" });
    await pass(3600 * 1.25);
    expect(queue.list()).toEqual([]);
  });

  test("waits longer each time, up to the longest", async () => {
    queue.start();
    const times: number[] = [];
    home.answer = () => {
      times.push(time.now - START);
      throw busy();
    };
    add();
    await settle();
    await pass(6 * 3600);
    const waits = times.map((at, index) => at - (times[index - 1] ?? 0)).slice(1);
    expect(waits.slice(0, 9)).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
  });

  test("one mail that is refused for now does not keep the others", async () => {
    queue.start();
    home.answer = (mail) => {
      if (mail.id === "h1") throw busy();
      return { reports: "nobody" };
    };
    add();
    add();
    await settle();
    expect(home.got.map((mail) => mail.id)).toEqual(["h1", "h2"]);
  });

  test("a target that is away is tried by one mail at a time, and another target goes on", async () => {
    queue.start();
    home.answer = () => Promise.reject(away());
    for (let count = 0; count < 20; count++) add();
    add({ target: RELAY, wishes });
    await settle();
    expect([home.got.length, relay.got.length]).toEqual([1, 1]);
    await pass(60);
    expect(home.got.map((mail) => mail.id)).toEqual(["h1", "h2"]);
    home.answer = () => ({ reports: "nobody" });
    await pass(120);
    expect(queue.list()).toEqual([]);
  });

  test("a mail that is missing, as in a damaged database, is given up, and what waits behind it goes on", async () => {
    const [missing, next] = [add(), add()];
    const read = stores.handovers.read.bind(stores.handovers);
    stores.handovers.read = (id) => (id === missing.id ? null : read(id));
    queue.start();
    await settle();
    expect(queue.get(missing.id)).toMatchObject({ state: "failed", error: "the mail itself is missing" });
    expect(home.got.map(({ id }) => id)).toEqual([next.id]);
  });

  test("a refusal for ever ends it at once, with a report; the mail is kept and can be tried again", async () => {
    queue.start();
    home.answer = () => Promise.reject(refused());
    const { id } = add();
    await settle();
    expect(queue.get(id)).toMatchObject({ state: "failed", error: "550 no", attempts: 1 });
    expect(reports).toEqual(["failed h1"]);
    await pass(100_000);
    expect(home.got).toHaveLength(1);
    home.answer = () => ({ reports: "nobody" });
    stores.transactions.run(() => void queue.retry(id));
    await settle();
    expect(home.got[1]).toMatchObject({ id, attempt: 2, bytes });
    expect(queue.get(id)).toBeNull();
  });

  test("after long failure one report says so, one that it has ended, for all mails; a success makes it new", async () => {
    queue.start();
    home.answer = () => Promise.reject(away());
    for (let count = 0; count < 3; count++) add();
    add({ user: "bert" });
    await pass(14_400 + 3600 * 1.25);
    expect(reports.sort()).toEqual(["delayed h1", "delayed h4"]);
    await pass(86_400);
    expect(reports.sort()).toEqual(["delayed h1", "delayed h4", "failed h1", "failed h4"]);
    expect(queue.list().map((one) => one.state)).toEqual(["failed", "failed", "failed", "failed"]);
    home.answer = () => ({ reports: "nobody" });
    add();
    await settle();
    home.answer = () => Promise.reject(refused());
    add();
    await settle();
    expect(reports).toContain("failed h6");
  });

  test("never given up where that is set", async () => {
    queue = createQueue({ giveUpAfter: 0, delayWarning: 0 });
    queue.start();
    home.answer = () => Promise.reject(away());
    add();
    await pass(30 * 86_400);
    expect([reports, queue.list()[0]?.state]).toEqual([[], "waiting"]);
  });

  test("an error of our own is a failure that passes", async () => {
    queue.start();
    home.answer = () => {
      throw new TypeError("secret inner words");
    };
    add();
    await settle();
    expect(queue.list()[0]?.error).toBe("an error of this program, which its log tells");
    home.answer = () => ({ reports: "nobody" });
    await pass(60);
    expect(queue.list()).toEqual([]);
  });
});

describe("the end of the program", () => {
  test("what waits is tried after the next start", async () => {
    add();
    await settle();
    expect(home.got).toEqual([]);
    queue = createQueue();
    queue.start();
    await settle();
    expect(home.got).toHaveLength(1);
  });

  test("an attempt that is stopped is neither lost nor counted as a failure, and the next knows of it", async () => {
    queue.start();
    let stopped: (() => void) | null = null;
    home.answer = () => new Promise((_resolve, reject) => (stopped = () => reject(away())));
    const { id } = add();
    await settle();
    const end = queue.stop();
    stopped!();
    await end;
    expect(queue.get(id)).toMatchObject({ state: "waiting", attempts: 1, error: null });
    home.answer = () => ({ reports: "nobody" });
    queue = createQueue();
    queue.start();
    await pass(60);
    expect(home.got.at(-1)).toMatchObject({ id, attempt: 2 });
  });

  test("mail of a target that is not configured any more is kept", async () => {
    queue.start();
    add({ target: "gone" });
    await pass(100_000);
    expect(queue.list()).toMatchObject([{ target: "gone", state: "waiting" }]);
  });
});

describe("by hand", () => {
  test("retry does not wait, also for a target that was away", async () => {
    queue.start();
    home.answer = () => Promise.reject(away());
    const { id } = add();
    await settle();
    home.answer = () => ({ reports: "nobody" });
    stores.transactions.run(() => void queue.retry(id));
    await settle();
    expect(queue.list()).toEqual([]);
  });

  test("cancel forgets a mail, also while it is tried and fails", async () => {
    queue.start();
    let fail: (() => void) | null = null;
    home.answer = () => new Promise((_resolve, reject) => (fail = () => reject(refused())));
    const { id } = add();
    await settle();
    stores.transactions.run(() => void queue.cancel(id));
    fail!();
    await settle();
    expect([queue.list(), reports]).toEqual([[], []]);
    expect(stores.transactions.run(() => queue.cancel(id))).toBeNull();
    expect(stores.transactions.run(() => queue.retry(id))).toBeNull();
  });
});

describe("relayed mail", () => {
  test("each has its own reports, and its states are told", async () => {
    queue.start();
    relay.answer = () => Promise.reject(refused());
    add({ target: RELAY, wishes });
    add({ target: RELAY, wishes });
    await settle();
    expect(reports).toEqual(["failed h1", "failed h2"]);
    expect(seen).toEqual(["h1 failed", "h2 failed"]);
  });

  test("is remembered when it is done or cancelled", async () => {
    queue.start();
    const { id } = add({ target: RELAY, wishes });
    await settle();
    expect(queue.get(id)?.state).toBe("done");
    expect(stores.handovers.read(id)).toBeNull();
    expect(stores.transactions.run(() => queue.cancel(id))).toBeNull();
    relay.answer = () => Promise.reject(away());
    const other = add({ target: RELAY, wishes });
    await settle();
    stores.transactions.run(() => void queue.cancel(other.id));
    expect(queue.get(other.id)?.state).toBe("cancelled");
    expect(stores.transactions.run(() => queue.retry(other.id))).toBeNull();
    expect(seen).toEqual(["h1 done", "h2 cancelled"]);
  });

  test("who wants to know of success is told where the server does not", async () => {
    queue.start();
    const wanted = { ...wishes, notify: ["SUCCESS"] };
    add({ target: RELAY, wishes: wanted });
    await settle();
    relay.answer = () => ({ reports: "target" });
    add({ target: RELAY, wishes: wanted });
    await settle();
    expect(reports).toEqual(["relayed h1"]);
    expect(relay.got[0]?.notification).toEqual(wanted);
  });
});
