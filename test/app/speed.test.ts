import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createSpeedometer } from "../../src/app/speed.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";

let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
});
afterEach(() => {
  database.close();
});

function speedometer(measured: { trialsPerSecond: number }) {
  const status = () => ({ engine: "wasm", threads: 1, waiting: 0, working: false, ...measured });
  return createSpeedometer(createSqliteStores(database).properties, { status } as never);
}

test("unknown at first, then as measured, and known after a start until something is measured", () => {
  const measured = { trialsPerSecond: 0 };
  const speed = speedometer(measured);
  expect(speed()).toBe(0);
  measured.trialsPerSecond = 1_000_000;
  expect(speed()).toBe(1_000_000);
  expect(speedometer({ trialsPerSecond: 0 })()).toBe(1_000_000);
});

test("only what differs noticeably is written", () => {
  const { properties } = createSqliteStores(database);
  const writes: string[] = [];
  const counted = {
    get: (name: string) => properties.get(name),
    set: (name: string, value: string) => {
      writes.push(value);
      properties.set(name, value);
    },
  };
  const measured = { trialsPerSecond: 1000 };
  const speed = createSpeedometer(counted, { status: () => measured } as never);
  for (const rate of [1000, 1100, 1190, 1300, 1290]) {
    measured.trialsPerSecond = rate;
    expect(speed()).toBe(rate);
  }
  expect(writes).toEqual(["1000", "1300"]);
});
