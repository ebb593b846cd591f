import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { settled, setUpTurns } from "../../support/pow/held-searcher.js";

describe("less urgent ones", () => {
  test("under a stream of urgent ones a large one has a whole turn every 8 seconds, and so it ends", async () => {
    const { searcher, queue, clock, ask, targets, endTurn } = setUpTurns();
    const urgent = [ask(1n, { priority: 0 })];
    const large = ask(9n, { priority: 3 });
    const turnsOfLarge: number[] = [];
    while (turnsOfLarge.length < 3 && clock.now < 60_000) {
      urgent.push(ask(1n, { priority: 0 }));
      await settled();
      const turn = targets().at(-1) === 9n ? endTurn : () => searcher.answer({ nonce: 1n, trials: 1 });
      if (turn === endTurn) turnsOfLarge.push(clock.now);
      clock.now += turn === endTurn ? 1000 : 500;
      turn();
      await settled();
    }
    expect(turnsOfLarge).toEqual([8000, 17_000, 26_000]);
    while (targets().at(-1) !== 9n) {
      searcher.answer({ nonce: 1n, trials: 1 });
      await settled();
    }
    searcher.answer({ nonce: 9n, trials: 1 });
    await expect(large).resolves.toMatchObject({ nonce: 9n });
    await queue.close();
    await Promise.allSettled(urgent);
  });

  test("a long urgent one gives turns to those that wait, the longest waiting first", async () => {
    const { clock, queue, ask, targets, endTurn } = setUpTurns();
    const all = [ask(1n), ask(8n, { priority: 1 }), ask(9n, { priority: 100 })];
    await settled();
    for (let second = 1; second <= 28; second++) {
      clock.now = 1000 * second;
      endTurn();
    }
    expect(targets()).toEqual([1n, 8n, 1n, 9n, 1n, 8n, 1n]);
    await queue.close();
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
  });
});

/** Somebody comes while there are few, and then something happens to the one that runs, or to any. */
const step = fc.record({
  priority: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  event: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("solve" as const),
        milliseconds: fc.integer({ min: 1, max: 999 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("end turn" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const), index: fc.nat(99) }) },
  ),
});
const MOST = 4;

test("whatever comes, each is answered once, and each that waits has a whole turn in bounded time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 200, maxLength: 300 }), async (steps) => {
      const { searcher, queue, clock, ask, targets, endTurn } = setUpTurns();
      const servedAt = new Map<bigint, number>();
      const aborts = new Map<bigint, AbortController>();
      const answers: bigint[] = [];
      let asked = 0n;
      const running = () => (queue.status().working ? targets().at(-1)! : null);
      const askFor = (priority: number) => {
        asked++;
        const target = asked;
        servedAt.set(target, clock.now);
        aborts.set(target, new AbortController());
        const over = (settledTarget: bigint) => {
          answers.push(settledTarget);
          servedAt.delete(settledTarget);
        };
        const { signal } = aborts.get(target)!;
        ask(target, { priority, signal }).then(
          () => over(target),
          () => over(target),
        );
      };
      const solve = (milliseconds: number) => {
        clock.now += milliseconds;
        searcher.answer({ nonce: 1n, trials: 1 });
      };
      for (const { priority, event } of steps) {
        if (servedAt.size < MOST) askFor(priority);
        await settled();
        const target = running()!;
        if (event.kind === "abort") aborts.get(BigInt(event.index))?.abort();
        else if (event.kind === "solve") solve(event.milliseconds);
        else {
          clock.now += 1000;
          servedAt.set(target, clock.now);
          endTurn();
        }
        await settled();
        const longest = clock.now - Math.min(...servedAt.values(), clock.now);
        expect(longest).toBeLessThanOrEqual(10_000 * MOST);
      }
      while (running() !== null) {
        solve(1);
        await settled();
      }
      expect(answers.toSorted((a, b) => Number(a - b))).toEqual(
        Array.from({ length: Number(asked) }, (_, index) => BigInt(index + 1)),
      );
      await queue.close();
    }),
    { numRuns: 20, endOnFailure: true },
  );
});
