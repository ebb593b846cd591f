import { describe, expect, test } from "@jest/globals";
import { Portions, type Row } from "../../../src/app/methods/portions.js";

const MEGABYTE = 1_000_000;

describe("a list that is fetched in portions", () => {
  let begun: number[] = [];
  let read = 0;

  function* numbers(after: number, count = 7): Generator<Row<number>> {
    begun.push(after);
    for (let number = after + 1; number <= count; number++) {
      read++;
      yield { value: number, position: number, size: MEGABYTE };
    }
  }

  test("goes on where it was, and reads each row once", () => {
    [begun, read] = [[], 0];
    const portions = new Portions<number>();
    const next = (after: number) => portions.next("a", after, numbers);
    expect([next(0), next(2), next(4), next(6), next(7), next(7)]).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7],
      [],
      [],
    ]);
    expect([begun, read]).toEqual([[0], 7]);
  });

  test("begins anew from another place, and lists do not mix", () => {
    [begun, read] = [[], 0];
    const portions = new Portions<number>();
    expect(portions.next("a", 0, numbers)).toEqual([1, 2]);
    expect(portions.next("b", 0, (after) => numbers(after, 1))).toEqual([1]);
    expect(portions.next("a", 2, numbers)).toEqual([3, 4]);
    // The answer was lost.
    expect(portions.next("a", 2, numbers)).toEqual([3, 4]);
    expect(portions.next("a", 4, numbers)).toEqual([5, 6]);
    expect(begun).toEqual([0, 0, 2]);
  });

  test("whoever begins gets what there is now", () => {
    const portions = new Portions<number>();
    expect(portions.next("a", 0, (after) => numbers(after, 0))).toEqual([]);
    expect(portions.next("a", 0, (after) => numbers(after, 1))).toEqual([1]);
  });
});
