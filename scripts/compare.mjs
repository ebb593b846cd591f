// Side by side with what people use today, as one Markdown table: proof of work (PyBitmessage's loop on Debian's OpenSSL), trial
// decryption (PyBitmessage's own code, when its sources are given), IMAP (Dovecot), submission (Postfix). Each is measured in
// turns within one run; a ratio above 1 is in our favour. What cannot be had is left out and named.
//   node scripts/compare.mjs [--build dist] [--pybitmessage SRC] [--python python2.7] [--only pow]... [--seconds 20] [--messages 5000]... [--mails 500]
// Needs, on Debian: gcc libssl-dev dovecot-imapd postfix, and root for the last.
import { spawnSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    pybitmessage: { type: "string" },
    python: { type: "string", default: "python2.7" },
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: "20" },
    messages: { type: "string", multiple: true, default: ["5000"] },
    mails: { type: "string", default: "500" },
  },
});
const build = resolve(values.build);
const script = (name) => resolve(import.meta.dirname, name);

/** The last line of what a program of Node's writes, as JSON. Throws Error with the end of what it complained about. */
function json(...parameters) {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(stderr.toString().trim().split("\n").at(-1));
  return JSON.parse(stdout.toString().trim().split("\n").at(-1));
}

function proofOfWork() {
  const made = spawnSync(process.execPath, [script("build-anchors.mjs")]);
  if (made.status !== 0) throw new Error(made.stderr.toString().trim().split("\n")[0]);
  const anchor = made.stdout.toString().trim();
  const main = join(build, "src/main.js");
  const parameters = ["bench", "pow", "--json", "--seconds", values.seconds, "--anchor", anchor];
  const { engines } = json(main, ...parameters);
  const [theirs, ...own] = engines;
  const million = (rate) => Number((rate / 1e6).toFixed(2));
  return own
    .filter(({ threads }) => threads === 1)
    .map((engine) => ({
      path: `proof of work, ${engine.name}`,
      beside: "PyBitmessage's loop",
      unit: "million trials a CPU second",
      ours: million(engine.trials_per_cpu_second),
      theirs: million(theirs.trials_per_cpu_second),
      ratio: engine.ratio,
    }));
}

function decryption() {
  if (!values.pybitmessage) throw new Error("PyBitmessage's sources are not given (--pybitmessage SRC)");
  const given = ["--pybitmessage", values.pybitmessage, "--python", values.python];
  return json(
    script("compare-decrypt.mjs"),
    "--json",
    "--build",
    build,
    ...given,
    "--seconds",
    values.seconds,
  );
}

function imap() {
  const boxes = values.messages.flatMap((count) => ["--messages", count]);
  const servers = ["--server", "node", "--server", "maildir", "--server", "sdbox"];
  return json(script("compare-dovecot.mjs"), "--json", "--build", build, ...boxes, ...servers);
}

function submission() {
  return json(script("compare-postfix.mjs"), "--json", "--build", build, "--mails", values.mails);
}

const parts = { pow: proofOfWork, decrypt: decryption, imap, smtp: submission };
const wanted = values.only ?? Object.keys(parts);
const load = [loadavg()[0]];
const missing = [];
let compared = 0;
const where = `${cpus()[0].model}, ${cpus().length} cores, Node.js ${process.version}`;
console.log(`${where}, ${new Date().toISOString().slice(0, 10)}\n`);
console.log("| path | beside | unit | bmbridge | other | ratio | CPU time, bmbridge / other |");
console.log("|---|---|---|---|---|---|---|");
for (const name of wanted) {
  try {
    for (const row of parts[name]()) {
      console.log(line(row));
      compared++;
    }
  } catch (error) {
    missing.push(`left out, ${name}: ${error.message}`);
  }
}
load.push(loadavg()[0]);
console.log(`\nload ${load.map((one) => one.toFixed(1)).join(" to ")}`);
for (const sentence of missing) console.log(sentence);
process.exitCode = compared > 0 ? 0 : 1;

function line({ path, beside, unit, ours, theirs, ratio, cpu }) {
  const time = cpu ? `${cpu.ours} / ${cpu.theirs} ${cpu.unit}` : unit.includes("CPU") ? "as measured" : "";
  return `| ${[path, beside, unit, ours, theirs, ratio, time].join(" | ")} |`;
}
