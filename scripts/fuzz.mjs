// Hostile octets for every parser that meets octets from outside, guided by V8's coverage: what reaches new code is kept and mutated further.
//   node scripts/fuzz.mjs [--target NAME]... [--count 100000] [--seconds N] [--seed N] [--out FOLDER]
//   node scripts/fuzz.mjs --pumped 100000 [--target NAME]... [--count N]     one word again and again: what takes too long shows
//   node scripts/fuzz.mjs --target NAME --replay FILE
// Without a target all are run, one after the other; --list names them. What fails or hangs is written to the folder, as are inputs that
// reached new code (kept.txt), which later runs with the same folder begin with. The build is taken from $DIST (dist).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    count: { type: "string", default: "100000" },
    seconds: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    out: { type: "string", default: "/tmp/bmbridge-fuzz" },
    pumped: { type: "string" },
    replay: { type: "string" },
    list: { type: "boolean" },
  },
});
/** Milliseconds without a sign of life that are a hang, and octets of memory that are too many. */
const [LONGEST, MOST_MEMORY] = [30_000, 2 ** 31];
const LARGEST_INPUT = 2 ** 21;

const build = resolve(process.env.DIST ?? "dist", "test/fuzz");
const { allTargets } = await import(join(build, "targets/all.js"));
const targets = allTargets;
if (values.list) {
  console.log(targets.map(({ name }) => name).join("\n"));
  process.exit(0);
}
const wanted = values.target ?? targets.map(({ name }) => name);
for (const name of wanted)
  if (!targets.some((target) => target.name === name)) throw new Error(`no target ${name}`);

if (values.replay) {
  const target = targets.find(({ name }) => name === wanted[0]);
  await target.run(new Uint8Array(readFileSync(values.replay)));
  await target.close?.();
  console.log("nothing is wrong");
  process.exit(0);
}

let failures = 0;
for (const name of wanted) failures += await run(name);
process.exit(failures === 0 ? 0 : 1);

/** In a thread, which can be ended when it hangs. */
async function run(name) {
  const folder = join(values.out, name);
  mkdirSync(folder, { recursive: true });
  const shared = new SharedArrayBuffer(8 + LARGEST_INPUT);
  const [inputs, length] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  const workerData = { ...values, name, build, folder, shared };
  const worker = new Worker(new URL("./support/fuzz-worker.mjs", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  let [seen, since] = [-1, Date.now()];
  const ended = (error) => {
    const file = join(folder, `hang-or-crash-${values.seed}`);
    writeFileSync(file, new Uint8Array(shared, 8, length[0]).slice());
    console.log(
      JSON.stringify({ target: name, error: String(error?.stack ?? error), inputs: inputs[0], file }),
    );
  };
  let stop = () => {};
  const watch = setInterval(() => {
    // Until the first, modules are loaded.
    if (inputs[0] !== seen || inputs[0] === 0) [seen, since] = [inputs[0], Date.now()];
    else if (Date.now() - since > LONGEST) stop("hangs");
    if (process.memoryUsage.rss() > MOST_MEMORY) stop("takes too much memory");
  }, 500);
  const found = await new Promise((done) => {
    let told = 0;
    let isEnding = false;
    stop = (error) => {
      if (isEnding) return;
      isEnding = true;
      ended(error);
      void worker.terminate().then(() => done(1));
    };
    worker.on("error", stop);
    worker.on("message", (report) => {
      told = report.failures;
      console.log(JSON.stringify(report));
    });
    worker.once("exit", () => {
      if (!isEnding) done(told);
    });
  });
  clearInterval(watch);
  return found;
}
