import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
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

test("a directory that everybody could put another one in place of is refused; /tmp is no such one", () => {
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect(() => makeDataDirectory(locateDataDirectory(join(open, "data"), {}))).toThrow(/everybody can write/);
  chmodSync(open, 0o1777);
  makeDataDirectory(locateDataDirectory(join(open, "data"), {}));
  // As a name may lead there in another way.
  chmodSync(open, 0o777);
  symlinkSync(join(open, "data"), join(folder, "link"));
  expect(() => makeDataDirectory(locateDataDirectory(join(folder, "link"), {}))).toThrow(
    /everybody can write/,
  );
});

test("a database that leads elsewhere, or is no file, is refused and not touched", () => {
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, "somebody's");
  chmodSync(elsewhere, 0o644);
  for (const make of [
    (path: string) => symlinkSync(elsewhere, path),
    (path: string) => symlinkSync(join(folder, "nowhere"), path),
    (path: string) => mkdirSync(path),
  ]) {
    const directory = locateDataDirectory(mkdtempSync(join(folder, "linked-")), {});
    make(directory.database);
    expect(() => makeDataDirectory(directory)).toThrow(/not an ordinary file/);
  }
  expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
});
