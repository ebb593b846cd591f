// Compiles the proof-of-work kernels of src/bitmessage/pow/native into dist (or $DIST), if a C compiler ($CC or cc) is
// there. Needs neither node-gyp nor Node's header files. Never fails a start: without the result the node works, slower.
// Usage: node scripts/build-native.mjs [--force] [--required]: compile in any case; a failure is the exit status
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = "src/bitmessage/pow/native";
const sources = join(root, place);
const target = resolve(root, process.env.DIST ?? "dist", place, "pow.node");
const compiler = process.env.CC ?? "cc";

// Compilers would change the order that the sources choose (see search-loop.h, search-avx2.c), and know different options.
const isClang = String(spawnSync(compiler, ["--version"]).stdout).includes("clang");
const vector = isClang ? [] : ["-fno-tree-reassoc", "-fschedule-insns", "-fsched-pressure"];
const inTurns = isClang ? ["-mllvm", "-enable-misched=false"] : ["-fno-tree-reassoc", "-fno-schedule-insns2"];
const kernels = {
  x64: { "search-avx2": ["-mavx2", ...inTurns], "search-avx512": ["-mavx512f", ...vector] },
  arm64: { "search-neon": vector, "search-sha512": ["-march=armv8.2-a+sha3"] },
};
const objects = { addon: [], kernels: [], work: [], "search-scalar": [], ...kernels[process.arch] };
const common = ["-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden"];

function isFresh() {
  try {
    const built = statSync(target).mtimeMs;
    const inputs = [
      ...readdirSync(sources).map((name) => join(sources, name)),
      fileURLToPath(import.meta.url),
    ];
    return inputs.every((name) => statSync(name).mtimeMs < built);
  } catch {
    return false;
  }
}

function run(command, args) {
  return new Promise((done, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    const output = [];
    child.stderr.on("data", (bytes) => output.push(bytes));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) done();
      else reject(new Error(Buffer.concat(output).toString().split("\n")[0] || `exit status ${code}`));
    });
  });
}

/** A library that a child process cannot load and use is not installed. */
function assertLoads(path) {
  const script = `const { kernels, search } = require(${JSON.stringify(path)});
    for (const index of kernels.keys()) if (search(index, new Uint8Array(64), 2n ** 64n - 1n, 0n, 2) !== 0) process.exit(1);`;
  const { status, signal } = spawnSync(process.execPath, ["-e", script], { stdio: "ignore" });
  if (status !== 0) throw new Error(`what it made does not run (${signal ?? status})`);
}

async function build() {
  const directory = join(target, "..");
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, "build-"));
  try {
    const made = Object.entries(objects).map(([name, options]) => {
      const object = join(work, `${name}.o`);
      return { object, args: [...common, ...options, "-c", join(sources, `${name}.c`), "-o", object] };
    });
    await Promise.all(made.map(({ args }) => run(compiler, args)));
    const undefinedSymbols = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
    const library = resolve(work, "pow.node");
    await run(compiler, ["-shared", ...undefinedSymbols, ...made.map(({ object }) => object), "-o", library]);
    assertLoads(library);
    renameSync(library, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.platform !== "win32" && (process.argv.includes("--force") || !isFresh())) {
  try {
    await build();
  } catch (error) {
    const reason = error.code === "ENOENT" ? `there is no C compiler (${compiler})` : error.message;
    console.error(`The native proof of work is left out: ${reason}. The WebAssembly one does it, slower.`);
    if (process.argv.includes("--required")) process.exitCode = 1;
  }
}
