import { describe, expect, test } from "@jest/globals";
import { SearchQueue } from "../../../src/bitmessage/pow/search-queue.js";
import {
  finishAll,
  HeldSearcher,
  request,
  settled,
  setUpTurns,
  WORK,
} from "../../support/pow/held-searcher.js";

function setUp() {
  const searcher = new HeldSearcher();
  return { searcher, queue: new SearchQueue(searcher) };
}

describe("order", () => {
  test("smaller priority first, equal ones as they came, one at a time", async () => {
    const { searcher, queue } = setUp();
    const order: string[] = [];
    const ask = (name: string, priority?: number) =>
      queue.solve(
        request({
          ...(priority === undefined ? {} : { priority }),
          prepare: () => {
            order.push(name);
            return WORK;
          },
        }),
      );
    const all = [ask("late", 5), ask("plain 1"), ask("urgent", -1), ask("plain 2", 0)];
    await settled();
    expect(order).toEqual(["urgent"]);
    expect(queue.status()).toMatchObject({ engine: "held", threads: 3, waiting: 3, working: true });
    await finishAll(searcher, 4);
    await Promise.all(all);
    expect(order).toEqual(["urgent", "plain 1", "plain 2", "late"]);
    expect(queue.status()).toMatchObject({ waiting: 0, working: false });
  });

  test("work is prepared when its search starts", async () => {
    const { searcher, queue } = setUp();
    let target = 1n;
    const first = queue.solve(request());
    const second = queue.solve(request({ prepare: () => ({ ...WORK, target }) }));
    await settled();
    target = 2n;
    await finishAll(searcher, 2);
    await Promise.all([first, second]);
    expect(searcher.started.map((work) => work.target)).toEqual([1000n, 2n]);
  });
});

describe("turns", () => {
  test("equally urgent ones share the threads, each with its work as first prepared", async () => {
    const { searcher, ask, prepared, targets, endTurn } = setUpTurns();
    const all = [ask(1n), ask(2n), ask(3n), ask(4n, { priority: 1 })];
    await settled();
    for (let turn = 0; turn < 5; turn++) {
      searcher.measured = { trials: 100, seconds: 1 };
      endTurn();
    }
    expect(targets()).toEqual([1n, 2n, 3n, 1n, 2n, 3n]);
    expect(prepared).toEqual([1n, 2n, 3n]);
    expect(searcher.cancelled).toBe(5);
    searcher.answer({ nonce: 33n, trials: 7 });
    await expect(all[2]).resolves.toEqual({ nonce: 33n, trials: 107 });
    await finishAll(searcher, 3);
    await Promise.all(all);
    expect(targets().slice(6)).toEqual([1n, 2n, 4n]);
  });

  test("one alone, or with less urgent ones behind it, is not interrupted", async () => {
    const { searcher, ask, endTurn } = setUpTurns();
    const all = [ask(1n), ask(2n, { priority: 1 })];
    await settled();
    endTurn();
    expect(searcher.cancelled).toBe(0);
    await finishAll(searcher, 2);
    await Promise.all(all);
  });

  test("a more urgent one starts at once; the one before it goes on afterwards, before its equals", async () => {
    const { searcher, queue, ask, prepared, targets } = setUpTurns();
    const large = [ask(1n, { priority: 3 }), ask(2n, { priority: 3 })];
    await settled();
    searcher.measured = { trials: 5000, seconds: 1 };
    const small = ask(9n, { priority: 0 });
    await settled();
    expect(targets()).toEqual([1n, 9n]);
    expect(queue.status()).toMatchObject({ waiting: 2, working: true });
    searcher.answer({ nonce: 9n, trials: 10 });
    await expect(small).resolves.toEqual({ nonce: 9n, trials: 10 });
    await settled();
    searcher.answer({ nonce: 1n, trials: 20 });
    await expect(large[0]).resolves.toEqual({ nonce: 1n, trials: 5020 });
    await finishAll(searcher, 1);
    await large[1];
    expect(targets()).toEqual([1n, 9n, 1n, 2n]);
    expect(prepared).toEqual([1n, 9n, 2n]);
  });

  test("the answer of a turn that is over is dropped, even when its search runs again", async () => {
    const { searcher, ask, endTurn } = setUpTurns();
    const first = ask(1n);
    const second = ask(2n);
    await settled();
    const lateAnswer = searcher.answer;
    endTurn();
    endTurn();
    lateAnswer({ nonce: 99n, trials: 1 });
    await settled();
    searcher.answer({ nonce: 1n, trials: 1 });
    await expect(first).resolves.toMatchObject({ nonce: 1n });
    await finishAll(searcher, 1);
    await second;
  });

  test("an abort between two turns", async () => {
    const { searcher, queue, ask, targets, endTurn } = setUpTurns();
    const controller = new AbortController();
    const first = ask(1n, { signal: controller.signal });
    const second = ask(2n);
    await settled();
    endTurn();
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    endTurn();
    await finishAll(searcher, 1);
    await second;
    expect(targets()).toEqual([1n, 2n]);
    expect(queue.status()).toMatchObject({ waiting: 0, working: false });
  });

  test("an urgent one whose preparation fails leaves the other to go on", async () => {
    const { searcher, ask, targets } = setUpTurns();
    const first = ask(1n, { priority: 1 });
    await settled();
    const fail = () => {
      throw new Error("gone");
    };
    await expect(ask(2n, { priority: 0, prepare: fail })).rejects.toThrow("gone");
    await finishAll(searcher, 1);
    await first;
    expect(targets()).toEqual([1n, 1n]);
  });
});

describe("failure", () => {
  test.each([
    [
      "preparation that throws",
      {
        prepare: () => {
          throw new Error("gone");
        },
      },
      "gone",
    ],
    ["a short hash", { prepare: () => ({ initialHash: new Uint8Array(3), target: 1n }) }, "64 bytes"],
    ["a target too high", { prepare: () => ({ ...WORK, target: 1n << 64n }) }, "64-bit"],
  ])("%s rejects that request alone", async (_, over, text) => {
    const { searcher, queue } = setUp();
    const bad = queue.solve(request(over));
    const good = queue.solve(request());
    await expect(bad).rejects.toThrow(text);
    await finishAll(searcher, 1);
    await expect(good).resolves.toEqual({ nonce: 0n, trials: 1 });
  });

  test("a search that fails rejects its request and the next one starts", async () => {
    const { searcher, queue } = setUp();
    const bad = queue.solve(request());
    const good = queue.solve(request());
    await settled();
    searcher.fail(new Error("broken"));
    await expect(bad).rejects.toThrow("broken");
    await finishAll(searcher, 1);
    await good;
  });
});

describe("abort", () => {
  const aborted = { name: "AbortError", code: "ABORT_ERR" };

  test("before asking", async () => {
    const { searcher, queue } = setUp();
    await expect(queue.solve(request({ signal: AbortSignal.abort() }))).rejects.toMatchObject(aborted);
    expect(searcher.started).toHaveLength(0);
  });

  test("while waiting: it is never prepared", async () => {
    const { searcher, queue } = setUp();
    const controller = new AbortController();
    const first = queue.solve(request());
    const prepare = () => {
      throw new Error("must not be called");
    };
    const second = queue.solve(request({ signal: controller.signal, prepare }));
    await settled();
    controller.abort();
    await expect(second).rejects.toMatchObject(aborted);
    await finishAll(searcher, 1);
    await first;
    expect(queue.status()).toMatchObject({ waiting: 0, working: false });
  });

  test("while searching: at once, without waiting for the searcher, whose late answer is dropped", async () => {
    const { searcher, queue } = setUp();
    const controller = new AbortController();
    const first = queue.solve(request({ signal: controller.signal }));
    const second = queue.solve(request());
    await settled();
    const lateAnswer = searcher.answer;
    controller.abort("no longer wanted");
    await expect(first).rejects.toMatchObject({ ...aborted, cause: "no longer wanted" });
    expect(searcher.cancelled).toBe(1);
    await settled();
    lateAnswer({ nonce: 99n, trials: 1 });
    await settled();
    expect(queue.status().working).toBe(true);
    searcher.answer({ nonce: 7n, trials: 1 });
    await expect(second).resolves.toMatchObject({ nonce: 7n });
  });

  test("inside prepare: the search does not start", async () => {
    const { searcher, queue } = setUp();
    const controller = new AbortController();
    const prepare = () => {
      controller.abort();
      return WORK;
    };
    await expect(queue.solve(request({ signal: controller.signal, prepare }))).rejects.toMatchObject(aborted);
    await settled();
    expect(searcher.started).toHaveLength(0);
    expect(queue.status().working).toBe(false);
  });

  test("after the end it does nothing", async () => {
    const { searcher, queue } = setUp();
    const controller = new AbortController();
    const first = queue.solve(request({ signal: controller.signal }));
    await finishAll(searcher, 1);
    await first;
    const cancelled = searcher.cancelled;
    controller.abort();
    expect(searcher.cancelled).toBe(cancelled);
  });

  test("closing rejects the running, the waiting and the later", async () => {
    const { searcher, queue } = setUp();
    const [running, waiting] = [queue.solve(request()), queue.solve(request())];
    await settled();
    const closing = queue.close();
    await expect(running).rejects.toMatchObject(aborted);
    await expect(waiting).rejects.toMatchObject(aborted);
    await closing;
    await expect(queue.solve(request())).rejects.toMatchObject(aborted);
    expect(searcher.closed).toBe(1);
    expect(searcher.started).toHaveLength(1);
  });
});

describe("progress", () => {
  test("tells the trials, how many are expected, and the chance that they were enough", async () => {
    const { searcher, queue } = setUp();
    searcher.measured = { trials: 2 ** 20, seconds: 0.5 };
    const target = (1n << 44n) - 1n;
    const report = await new Promise((resolve) => {
      void queue.solve(request({ prepare: () => ({ ...WORK, target }), onProgress: resolve }));
    });
    expect(report).toEqual({ trials: 2 ** 20, expectedTrials: 2 ** 20, share: 1 - Math.exp(-1) });
    expect(queue.status().trialsPerSecond).toBe(2 ** 21);
    searcher.answer({ nonce: 1n, trials: 1 });
  });

  test("a listener that throws ends its own search only", async () => {
    const { searcher, queue } = setUp();
    const bad = queue.solve(
      request({
        onProgress: () => {
          throw new Error("listener");
        },
      }),
    );
    await expect(bad).rejects.toThrow("listener");
    expect(searcher.cancelled).toBe(1);
    const good = queue.solve(request());
    await finishAll(searcher, 1);
    await good;
  });

  test("the rate is 0 before the first search and stays known after it", async () => {
    const { searcher, queue } = setUp();
    expect(queue.status().trialsPerSecond).toBe(0);
    const first = queue.solve(request());
    await settled();
    searcher.measured = { trials: 3000, seconds: 2 };
    searcher.answer({ nonce: 1n, trials: 3000 });
    await first;
    expect(queue.status().trialsPerSecond).toBe(1500);
  });
});
