import { beforeEach, describe, expect, test } from "@jest/globals";
import { CommandError } from "../../src/app/control/messages.js";
import { createStorageHealth, type StorageHealth } from "../../src/app/storage-health.js";
import { createStorageRefusals, explainStorage } from "../../src/app/storage-refusals.js";
import { silentLogger } from "../../src/logger.js";
import { storageFault } from "../../src/store/storage-fault.js";
import { ManualTime } from "../support/messaging/manual-time.js";

const failure = (code: string) => Object.assign(new Error("database or disk is full"), { code });

let time: ManualTime;
let broken: Error | null;
let events: string[];
let health: StorageHealth;

beforeEach(() => {
  time = new ManualTime(1000);
  broken = null;
  events = [];
  health = createStorageHealth({
    probe: () => {
      events.push("probe");
      if (broken !== null) throw broken;
    },
    damaged: () => void events.push("damaged"),
    recovered: () => void events.push("recovered"),
    clock: time.clock,
    timer: time.timer,
    logger: {
      ...silentLogger,
      error: (text) => void events.push(text),
      info: (text) => void events.push(text),
    },
  });
});

describe("trouble with storage", () => {
  test("is told once, tried until it is over, and what waited goes on then", () => {
    broken = failure("SQLITE_FULL");
    health.notice(broken);
    health.notice(failure("ENOSPC"));
    expect(health.trouble()).toMatchObject({ fault: "full", since: 1000 });
    time.advanceTo(1025);
    expect(events).toEqual([expect.stringContaining("disk of the bridge is full"), "probe", "probe"]);
    broken = null;
    time.advanceTo(1035);
    expect(events.slice(3)).toEqual(["probe", "storage can be written to again", "recovered"]);
    expect(health.trouble()).toBeNull();
    time.advanceTo(5000);
    expect(events).toHaveLength(6);
  });

  test("that does not heal stays, and the next start is told to look", () => {
    health.notice(failure("SQLITE_CORRUPT_VTAB"));
    health.notice(failure("SQLITE_FULL"));
    time.advanceTo(5000);
    expect(health.trouble()?.fault).toBe("damaged");
    expect(events).toContain("damaged");
    expect(events).not.toContain("probe");
  });

  test("is nothing that refusals and bugs are", () => {
    expect(health.notice(new Error("no"))).toBeNull();
    expect(health.notice(Object.assign(new Error("no"), { code: "SQLITE_CONSTRAINT" }))).toBeNull();
    expect(health.notice(null)).toBeNull();
    expect(events).toEqual([]);
  });

  test("nothing is tried after the end", () => {
    health.notice(failure("EROFS"));
    health.stop();
    health.notice(failure("SQLITE_FULL"));
    time.advanceTo(5000);
    expect(events).not.toContain("probe");
    expect(time.next()).toBeNull();
  });
});

describe("each server says it in its own words", () => {
  const cases = [
    ["SQLITE_FULL", 452, "4.3.1", "OVERQUOTA", 507],
    ["SQLITE_READONLY_DBMOVED", 451, "4.3.0", "UNAVAILABLE", 503],
    ["SQLITE_IOERR_FSYNC", 451, "4.3.0", "UNAVAILABLE", 503],
    ["SQLITE_CORRUPT", 451, "4.3.0", "CORRUPTION", 503],
  ] as const;
  test.each(cases)("%s", (code, reply, enhanced, imap, http) => {
    const refusals = createStorageRefusals(health);
    expect(refusals.smtp(failure(code))).toMatchObject({ responseCode: reply, enhancedCode: enhanced });
    expect(refusals.imap(failure(code))).toMatchObject({ status: "NO", code: imap });
    expect(refusals.http(failure(code))).toMatchObject({ status: http });
    expect(refusals.command(failure(code))).toBeInstanceOf(CommandError);
  });

  test("commands are refused with a sentence; bugs stay bugs", async () => {
    const methods = explainStorage(
      {
        full: () => Promise.reject(failure("SQLITE_FULL")),
        bug: () => Promise.reject(new TypeError("a bug")),
        works: ({ word }) => word,
      },
      createStorageRefusals(health),
    );
    await expect(methods["full"]!({})).rejects.toThrow(CommandError);
    await expect(methods["bug"]!({})).rejects.toThrow(TypeError);
    expect(await methods["works"]!({ word: "yes" })).toBe("yes");
  });
});

test("codes are told by their beginnings, the more exact first", () => {
  expect(storageFault(failure("SQLITE_IOERR_SHORT_READ"))).toBe("damaged");
  expect(storageFault(failure("SQLITE_IOERR_READ"))).toBe("failing");
  expect(storageFault("SQLITE_FULL")).toBeNull();
});
