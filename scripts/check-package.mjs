// Packs the program as npm would publish it, and tries that package as a stranger: an empty folder, an empty cache, npx.
// Says what it weighs and how long it takes.
// Usage: node scripts/check-package.mjs [--keep]   (needs what a checkout needs: npm, a C++ compiler, make, python3)
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "bmbridge-package-"));
const folder = join(work, "empty");
const data = join(work, "data");
mkdirSync(folder);
const environment = {
  ...process.env,
  npm_config_cache: join(work, "cache"),
  npm_config_update_notifier: "false",
};
// Nothing of the checkout may be found from there.
for (const name of Object.keys(environment))
  if (/^npm_(package|lifecycle)/.test(name)) delete environment[name];
const quiet = { encoding: "utf8", env: environment, stdio: ["ignore", "pipe", "inherit"] };

function check(isTrue, text) {
  console.log(`${isTrue ? "PASS" : "FAIL"} ${text}`);
  if (!isTrue) process.exitCode = 1;
}

async function timed(text, step) {
  const started = performance.now();
  const outcome = await step();
  console.log(`     ${text}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return outcome;
}

let command = [];
const run = (...parameters) => execFileSync("npx", [...command, ...parameters], { ...quiet, cwd: folder });

async function startAndStop() {
  const settings = [
    "node.listen=off",
    "node.bootstrap=false",
    "imap.listen=127.0.0.1:0",
    "smtp.listen=127.0.0.1:0",
  ];
  settings.push("web.listen=127.0.0.1:0", "web.autoconfig=false", "log.level=warn");
  const set = settings.flatMap((one) => ["--set", one]);
  const program = join(folder, "node_modules/.bin/bmbridge");
  const child = spawn(program, ["start", "--json", "--data-dir", data, ...set], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.once("exit", (code) => done(code)));
  const line = await Promise.race([
    new Promise((done) => createInterface({ input: child.stdout }).once("line", done)),
    ended.then(() => "{}"),
  ]);
  const ready = JSON.parse(line);
  check(
    ready.ready === true && /^BM-/.test(ready.first_start?.address),
    "start makes a login and an address, and is ready",
  );
  child.kill("SIGTERM");
  check((await ended) === 0, "SIGTERM stops it");
}

function contents(tarball) {
  const names = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  check(
    !names.some((name) => /\.(node|map|ts)$|\/test\//.test(name)),
    "nothing compiled for one machine, no tests, no sources but C's",
  );
  for (const name of [
    "README.md",
    "LICENSE",
    "config/bmbridge.service",
    "dist/documents/bmbridge.1",
    "dist/src/main.js",
  ])
    check(names.includes(`package/${name}`), `has ${name}`);
  return names.length;
}

try {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", work], { ...quiet, cwd: root });
  const tarball = resolve(
    work,
    readdirSync(work).find((name) => name.endsWith(".tgz")),
  );
  const size = Number(execFileSync("stat", ["-c", "%s", tarball], { encoding: "utf8" }));
  console.log(`     ${(size / 1024).toFixed(0)} KiB, ${contents(tarball)} files`);
  command = ["--yes", "--package", tarball, "bmbridge"];
  const version = await timed("npx from an empty cache, with the compilation of SQLite", () =>
    run("--version"),
  );
  check(/^\d+\.\d+\.\d+\s*$/.test(version), `npx bmbridge --version: ${version.trim()}`);
  const shown = await timed("npx bmbridge demo", () => run("demo"));
  check(shown.trim() !== "", "the demonstration ends well");
  await timed("npm install into a folder", () =>
    execFileSync("npm", ["install", "--silent", "--no-fund", "--no-audit", tarball], {
      ...quiet,
      cwd: folder,
    }),
  );
  command = ["--no-install", "bmbridge"];
  await timed("first start, and stop", startAndStop);
  check(/^\.TH BMBRIDGE 1/.test(run("man-page")), "the manual page");
  check(/compiled/i.test(run("build-native")), "the proof of work in C is compiled when asked for");
  const engines = JSON.parse(run("bench", "pow", "--seconds", "1", "--json")).engines.map(({ name }) => name);
  check(
    engines.some((name) => name.startsWith("native-")),
    `engines then: ${engines.join(", ")}`,
  );
} finally {
  if (process.argv.includes("--keep")) console.log(`Kept: ${work}`);
  else rmSync(work, { recursive: true, force: true });
}
