import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import {
  checkSocketDirectory,
  locateDataDirectory,
  makeDataDirectory,
} from "../../src/app/data-directory.js";

const folder = mkdtempSync(join(tmpdir(), "data-directory-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the socket of a deep directory stands where nobody else can write", () => {
  const runtime = join(folder, "runtime");
  const deep = join(folder, "x".repeat(120));
  const directory = locateDataDirectory(deep, { XDG_RUNTIME_DIR: runtime });
  expect(directory.socket.startsWith(`${runtime}/`)).toBe(true);
  checkSocketDirectory(directory);
  mkdirSync(runtime);
  chmodSync(runtime, 0o777);
  expect(() => checkSocketDirectory(directory)).toThrow(/socket/);
  expect(() => makeDataDirectory(directory)).toThrow(/socket/);
  chmodSync(runtime, 0o700);
  makeDataDirectory(directory);
});

test("in the data directory it is as safe as the data", () => {
  const directory = locateDataDirectory(join(folder, "near"), {});
  expect(directory.socket).toBe(join(folder, "near", "control.sock"));
  makeDataDirectory(directory);
  checkSocketDirectory(directory);
});

test("a directory where others can write is refused and keeps its mode", () => {
  const shared = mkdtempSync(join(tmpdir(), "bmbridge-shared-"));
  chmodSync(shared, 0o777);
  expect(() => makeDataDirectory(locateDataDirectory(shared, {}))).toThrow(/others can write there/);
  expect(statSync(shared).mode & 0o777).toBe(0o777);
  rmSync(shared, { recursive: true });
});
