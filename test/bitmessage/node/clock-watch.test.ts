import { beforeEach, expect, test } from "@jest/globals";
import { ClockWatch } from "../../../src/bitmessage/node/clock-watch.js";
import { silentLogger } from "../../../src/logger.js";

let warnings: unknown[] = [];
let watch: ClockWatch;
beforeEach(() => {
  warnings = [];
  watch = new ClockWatch({ ...silentLogger, warn: (text, fields) => warnings.push([text, fields]) });
});

test("nothing is said of a clock that is about right, or by too few", () => {
  for (const host of ["a", "b", "a", "b"]) watch.note(host, 7200);
  expect(watch.offset()).toBeNull();
  for (const host of ["a", "b", "c", "d"]) watch.note(host, -299);
  expect(watch.offset()).toBe(-299);
  expect(warnings).toEqual([]);
});

test("a wrong clock is told once, with the seconds, and again when it has been right in between", () => {
  for (const host of ["a", "b", "c", "d", "e"]) watch.note(host, 7200);
  expect(warnings).toEqual([
    ["this machine's clock seems to be wrong: it is behind those of its peers", { seconds: 7200, peers: 3 }],
  ]);
  for (const host of ["a", "b", "c"]) watch.note(host, 0);
  expect(watch.offset()).toBe(0);
  for (const host of ["a", "b", "c"]) watch.note(host, -4000);
  expect(warnings.slice(1)).toEqual([
    ["this machine's clock seems to be wrong: it is ahead of those of its peers", expect.anything()],
  ]);
});

test("a few liars change nothing, and only the latest hosts count", () => {
  for (let host = 0; host < 100; host++) watch.note(`honest ${host}`, 1);
  for (let host = 0; host < 15; host++) watch.note(`liar ${host}`, 2 ** 40);
  expect(watch.offset()).toBe(1);
  expect(warnings).toEqual([]);
});
