// One target of scripts/fuzz.mjs, in a thread of its own. The input that is being run stands in shared memory, for whoever finds this hanging.
import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";

const { name, build, folder, shared, seed, count, seconds, pumped } = workerData;
const { fuzz } = await import(join(build, "fuzz-loop.js"));
const { allTargets } = await import(join(build, "targets/all.js"));
const { readKept, writeKept } = await import(join(build, "kept.js"));
const target = allTargets.find((one) => one.name === name);

const kept = join(folder, "kept.txt");
const corpus = [...readKept(`test/fuzz/corpus/${name}.txt`), ...readKept(kept)];
const [inputs, length] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
const current = new Uint8Array(shared, 8);
const began = performance.now();
const passed = () => (performance.now() - began) / 1000;

let last = 0;
const report = await fuzz({
  target,
  seed: Number(seed),
  count: Number(count),
  corpus,
  guided: pumped ? "blind" : "guided",
  ...(pumped && { pumped: Number(pumped) }),
  watch: (input) => {
    inputs[0] += 1;
    length[0] = Math.min(input.length, current.length);
    current.set(input.subarray(0, current.length));
  },
  goOn: () => seconds === undefined || passed() < Number(seconds),
  progress: (_inputs, so) => {
    if (passed() - last < 60) return;
    last = passed();
    tell(so);
    if (!pumped) writeKept(kept, so.kept);
  },
});
if (!pumped) writeKept(kept, report.kept);
const failures = report.failures.map(({ input, error }) => {
  const file = join(folder, `failure-${createHash("sha256").update(input).digest("hex").slice(0, 10)}`);
  if (!existsSync(file)) writeFileSync(file, input);
  return { file, error };
});
tell(report, failures);

function tell({ inputs, octets, blocks, share, slowest, failures, kept }, described) {
  const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const figures = {
    seed,
    inputs,
    octets,
    blocks,
    share,
    slowest,
    kept: kept.length,
    memory,
    seconds: Math.round(passed()),
  };
  const end = described ? { described, done: true } : {};
  parentPort.postMessage({ target: name, ...figures, failures: failures.length, ...end });
}
