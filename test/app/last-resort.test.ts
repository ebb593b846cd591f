import { EventEmitter } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "@jest/globals";
import { endOnUncaught, forgiveOutput } from "../../src/app/last-resort.js";
import { jsonLogger, logDestination } from "../../src/app/log.js";
import { type LogFields, silentLogger } from "../../src/logger.js";

class FakeProcess extends EventEmitter {
  exitCode: number | string | null | undefined;
  readonly exits: number[] = [];

  exit(status: number): void {
    this.exits.push(status);
  }
}

let leaveOff = () => {};
afterEach(() => leaveOff());

function guard(patience: number) {
  const process = new FakeProcess();
  const lines: LogFields[] = [];
  const told = { ends: 0 };
  const logger = {
    ...silentLogger,
    error: (_text: string, fields?: LogFields) => void lines.push(fields ?? {}),
  };
  leaveOff = endOnUncaught({ process, logger, end: () => told.ends++, patience });
  return { process, lines, told };
}

test("an error that nobody has caught is logged, without what else it carries, and the program ends with 1", () => {
  const { process, lines, told } = guard(60_000);
  const error = Object.assign(new Error("it broke"), { privateKey: "5Jsecret" });
  process.emit("uncaughtException", error, "unhandledRejection");
  expect(told.ends).toBe(1);
  expect(process.exitCode).toBe(1);
  expect(process.exits).toEqual([]);
  expect(lines[0]).toMatchObject({
    origin: "unhandledRejection",
    stack: expect.stringContaining("it broke"),
  });
  expect(JSON.stringify(lines)).not.toContain("secret");
  process.emit("uncaughtException", "text that may be secret", "uncaughtException");
  expect(process.exits).toEqual([1]);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("an end that does not come to its end is cut short", async () => {
  const { process } = guard(1);
  const exit = new Promise<void>((resolve) => {
    process.exit = () => resolve();
  });
  process.emit("uncaughtException", new Error("it broke"), "uncaughtException");
  await Promise.race([exit, new Promise((_resolve, reject) => setTimeout(reject, 5000).unref())]);
  expect(process.exitCode).toBe(1);
});

test("output that nobody takes is no error", () => {
  const stream = new PassThrough();
  forgiveOutput([stream]);
  expect(() => stream.emit("error", new Error("EPIPE"))).not.toThrow();
  stream.destroy();
});

test("a log on a full disk is no error either, and does not grow without bounds", () => {
  if (!existsSync("/dev/full")) return;
  const descriptor = openSync("/dev/full", "w");
  try {
    const logger = jsonLogger({ level: "info" }, logDestination(descriptor));
    const before = process.memoryUsage().heapUsed;
    for (let line = 0; line < 5000; line++) logger.info("x".repeat(10_000));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(40_000_000);
  } finally {
    closeSync(descriptor);
  }
});
