import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-native-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const LIBRARY = "src/bitmessage/pow/native/pow.node";
const hasCompiler = spawnSync("cc", ["--version"]).status === 0 && process.platform !== "win32";

function build(compiler: string) {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build-native.mjs"], {
    env: { ...process.env, DIST: directory, CC: compiler },
  });
  return { status, lines: stderr.toString().split("\n").filter(Boolean) };
}

function compilerThat(script: string): string {
  const path = join(directory, "compiler");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** One quiet line, and nothing left behind. */
function expectFallback(result: ReturnType<typeof build>, reason: string): void {
  expect(result).toEqual({ status: 0, lines: [expect.stringContaining(reason)] });
  expect(existsSync(join(directory, LIBRARY))).toBe(false);
  expect(readdirSync(join(directory, LIBRARY, ".."))).toEqual([]);
}

describe("building the native proof of work", () => {
  test("without a compiler says so in one line and does not fail", () => {
    expectFallback(build(join(directory, "missing")), "there is no C compiler");
  });

  test("with a compiler that fails", () => {
    expectFallback(build(compilerThat('echo "error: unknown option" >&2; exit 1')), "unknown option");
  });

  test("with a compiler whose result cannot be loaded: it is not installed", () => {
    const script = '[ "$1" = --version ] && exit; for last; do :; done; echo "not a library" > "$last"';
    expectFallback(build(compilerThat(script)), "does not run");
  });

  (hasCompiler ? test : test.skip)(
    "makes a library, once, that finds the nonce of the public vector and refuses what is not a search",
    () => {
      expect(build("cc")).toEqual({ status: 0, lines: [] });
      const library = createRequire(import.meta.url)(join(directory, LIBRARY));
      const hash = Buffer.from(
        "8ff2d685db89a0af2e3dbfd3f700ae96ef4d9a1eac72fd778bbb368c7510cddd" +
          "a349e03207e1c4965bd95c6f7265e8f1a481a08afab3874eaafb9ade09a10880",
        "hex",
      );
      for (const kernel of library.kernels.keys()) {
        expect(library.search(kernel, hash, 297422593171n, 21997550n - 5000n, 10_000)).toBe(5000);
        expect(library.search(kernel, hash, 297422593171n, 21997550n - 5000n, 5000)).toBe(-1);
      }
      const wrong: unknown[][] = [
        [],
        [0, hash, 1n, 0n],
        [99, hash, 1n, 0n, 8],
        [-1, hash, 1n, 0n, 8],
        ["0", hash, 1n, 0n, 8],
        [0, new Uint8Array(63), 1n, 0n, 8],
        [0, new Uint16Array(64), 1n, 0n, 8],
        [0, "x".repeat(64), 1n, 0n, 8],
        [0, hash, 1, 0n, 8],
        [0, hash, -1n, 0n, 8],
        [0, hash, 1n << 64n, 0n, 8],
        [0, hash, 1n, -1n, 8],
        [0, hash, 1n, 0n, 0],
        [0, hash, 1n, 0n, -8],
      ];
      for (const parameters of wrong) expect(() => library.search(...parameters)).toThrow("search takes");
      const { mtimeMs } = statSync(join(directory, LIBRARY));
      expect(build("cc")).toEqual({ status: 0, lines: [] });
      expect(statSync(join(directory, LIBRARY)).mtimeMs).toBe(mtimeMs);
    },
  );

  (hasCompiler ? test : test.skip)("spares clang the options that only GCC knows", () => {
    const script = `case "$1" in --version) echo "clang version 19"; exit;; esac
      for option; do
        shift
        case "$option" in
          -fsched*|-fno-sched*|-fno-tree*) echo "unknown argument" >&2; exit 1;;
          -mllvm|-enable-misched=false) ;; # which the compiler behind this one may not know
          *) set -- "$@" "$option";;
        esac
      done
      exec cc "$@"`;
    expect(build(compilerThat(script))).toEqual({ status: 0, lines: [] });
    expect(existsSync(join(directory, LIBRARY))).toBe(true);
  });
});
