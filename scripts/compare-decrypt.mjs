// Messages tried in a CPU second side by side with PyBitmessage: the same objects, the same keys, in turns, on one core each.
//   node scripts/compare-decrypt.mjs --pybitmessage SRC [--python python2.7] [--build dist] [--seconds 30] [--rounds 5] [--json]
// SRC is the folder with PyBitmessage's highlevelcrypto.py; its Python and OpenSSL are what `--python` and its environment say.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    pybitmessage: { type: "string" },
    python: { type: "string", default: "python2.7" },
    build: { type: "string", default: "dist" },
    seconds: { type: "string", default: "30" },
    rounds: { type: "string", default: "5" },
    // The rows for scripts/compare.mjs.
    json: { type: "boolean" },
  },
});
const load = (path) => import(pathToFileURL(join(resolve(values.build), "src", path)).href);
const { createTrialDecryptor, encrypt } = await load("bitmessage/protocol/ecies.js");
const { keyPair, randomPrivateKey } = await load("bitmessage/protocol/keys.js");
const { curve } = await load("bitmessage/protocol/curve.js");

const IDENTITIES = [1, 10, 100];
const OBJECTS = 64;
const PLAINTEXT = 1000;
const random = (length) => new Uint8Array(randomBytes(length));
const stranger = keyPair(randomPrivateKey(random));
const objects = Array.from({ length: OBJECTS }, () => encrypt(random(PLAINTEXT), stranger.publicKey, random));
const keys = Array.from({ length: 100 }, () => ({ privateKey: randomPrivateKey(random) }));

/** @returns {{ name: string, measure: (identities: number, seconds: number) => Promise<number> }} objects per CPU second */
function ours() {
  return {
    name: `bmbridge (${curve.name})`,
    async measure(identities, seconds) {
      const decryptor = createTrialDecryptor(keys.slice(0, identities));
      const before = process.cpuUsage();
      const end = performance.now() + seconds * 1000;
      let done = 0;
      while (done === 0 || performance.now() < end) {
        if (decryptor.tryDecrypt(objects[done++ % OBJECTS]) !== null) throw new Error("it was decrypted");
      }
      const { user, system } = process.cpuUsage(before);
      return (done * 1e6) / (user + system);
    },
    stop() {},
  };
}

function pybitmessage(directory) {
  const file = join(directory, "objects");
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  const lines = [
    ...keys.map(({ privateKey }) => `key ${hex(privateKey)}`),
    ...objects.map((bytes) => `object ${hex(bytes)}`),
  ];
  writeFileSync(file, lines.join("\n"));
  const script = fileURLToPath(new URL("anchors/pybitmessage-decrypt.py", import.meta.url));
  const child = spawn(values.python, [script, resolve(values.pybitmessage), file], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name: "PyBitmessage",
    async measure(identities, seconds) {
      child.stdin.write(`${identities} ${seconds}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("PyBitmessage's code ended");
      const [count, cpuSeconds] = value.split(" ").map(Number);
      return count / cpuSeconds;
    },
    stop: () => child.stdin.end(),
  };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const directory = mkdtempSync(join(tmpdir(), "compare-decrypt-"));
const sides = [ours()];
try {
  const before = loadavg()[0];
  sides.push(pybitmessage(directory));
  const rounds = Number(values.rounds);
  const turn = Number(values.seconds) / (rounds + 1) / IDENTITIES.length / sides.length;
  const rates = sides.map(() => IDENTITIES.map(() => []));
  for (let round = 0; round <= rounds; round++) {
    for (const [column, identities] of IDENTITIES.entries()) {
      for (const [side, { measure }] of sides.entries()) {
        const rate = await measure(identities, turn);
        // The first round warms up.
        if (round > 0) rates[side][column].push(rate);
      }
    }
  }
  const rows = IDENTITIES.map((identities, column) => {
    const [mine, theirs] = rates.map((of) => of[column]);
    const ratios = mine.map((rate, round) => rate / theirs[round]);
    const range = [Math.min(...ratios), median(ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
    if (values.json) {
      const [ours, other] = [mine, theirs].map((rates) => Number(median(rates).toPrecision(3)));
      const path = `messages tried, ${identities} identities`;
      const unit = "a CPU second";
      return { path, beside: "PyBitmessage", unit, ours, theirs: other, ratio: Number(range[1]) };
    }
    return {
      identities,
      [`${sides[0].name} objects/CPU s`]: Math.round(median(mine)),
      [`${sides[1].name} objects/CPU s`]: Math.round(median(theirs) * 10) / 10,
      "ratio, least / median / greatest": range.join(" / "),
    };
  });
  if (values.json) console.log(JSON.stringify(rows));
  else {
    console.log(`load before ${before.toFixed(1)}, Node.js ${process.version}`);
    console.table(rows);
  }
} finally {
  for (const side of sides) side.stop();
  rmSync(directory, { recursive: true, force: true });
}
