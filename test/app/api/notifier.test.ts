import { existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createNotifier, type Notifier } from "../../../src/app/api/notifier.js";
import { type Logger, silentLogger } from "../../../src/logger.js";
import { temporaryDirectory } from "../../support/running-node.js";

let directory: ReturnType<typeof temporaryDirectory>;
let notifier: Notifier;
let warnings: string[];
let warned: () => void;

const logger: Logger = {
  ...silentLogger,
  warn(text) {
    warnings.push(text);
    warned();
  },
};

beforeEach(() => {
  directory = temporaryDirectory();
  warnings = [];
  warned = () => {};
});
afterEach(async () => {
  await notifier.stop();
  directory.remove();
});

function program(...lines: string[]): string {
  const path = join(directory.path, "notify me; exit");
  writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o700 });
  return path;
}

/** Resolves when the file has so many lines. */
function untilLines(file: string, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const look = () => {
      const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
      if (lines.length < count) return;
      watcher.close();
      resolve(lines);
    };
    const watcher = watch(directory.path, look);
    look();
  });
}

test("the program gets the event as its one argument, one after the other, without a shell", async () => {
  const file = join(directory.path, "events");
  notifier = createNotifier({ path: program(`echo "$# $1" >> '${file}'`), logger });
  for (const event of ["startingUp", "newMessage", "newBroadcast"] as const) notifier.notify(event);
  expect(await untilLines(file, 3)).toEqual(["1 startingUp", "1 newMessage", "1 newBroadcast"]);
  expect(warnings).toEqual([]);
});

test("one that does not end is ended, and one that is not there is told", async () => {
  const heard = new Promise<void>((resolve) => {
    warned = resolve;
  });
  notifier = createNotifier({ path: program("exec sleep 600"), timeLimit: 50, logger });
  notifier.notify("newMessage");
  await heard;
  expect(warnings).toEqual(["the program of api.notify_path failed"]);
  await notifier.stop();
  const again = new Promise<void>((resolve) => {
    warned = resolve;
  });
  notifier = createNotifier({ path: join(directory.path, "missing"), logger });
  notifier.notify("newMessage");
  await again;
  expect(warnings.at(-1)).toBe("api.notify_path cannot be run");
});

test("stopping ends what runs and forgets what waits", async () => {
  const file = join(directory.path, "events");
  notifier = createNotifier({ path: program(`echo "$1" >> '${file}'`, "exec sleep 600"), logger });
  notifier.notify("startingUp");
  notifier.notify("newMessage");
  await untilLines(file, 1);
  await notifier.stop();
  notifier.notify("newMessage");
  expect(readFileSync(file, "utf8")).toBe("startingUp\n");
});

test("without a program nothing happens", () => {
  notifier = createNotifier({ path: "", logger });
  notifier.notify("newMessage");
  expect(warnings).toEqual([]);
});
