// Mutated commands of real mail clients against sessions of the IMAP server in every state, also after STARTTLS, and against its decoder.
//   node scripts/fuzz-imap.mjs [--inputs 1000000] [--seed N] [--from N]
// The build is taken from $DIST (dist). A failure is printed with its seed and number; --from that number runs it again.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "0" },
  },
});
const { fuzz } = await import(resolve(process.env.DIST ?? "dist", "test/fuzz/fuzz.js"));

const folder = mkdtempSync(join(tmpdir(), "bmbridge-fuzz-"));
const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost";
execFileSync("openssl", [...request.split(" "), "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
rmSync(folder, { recursive: true });

for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error) => {
    console.error(`${event}, seed ${values.seed}:`, error);
    process.exit(1);
  });
const began = performance.now();
const seconds = () => Math.round((performance.now() - began) / 1000);
console.log(`seed ${values.seed}`);
const report = await fuzz({
  seed: Number(values.seed),
  from: Number(values.from),
  inputs: Number(values.inputs),
  corpus: "test/fuzz/corpus",
  tls,
  progress: (done) => {
    if (done % 50_000 > 0 || done === 0) return;
    console.log(
      `${done} inputs, ${seconds()} s, ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB`,
    );
  },
});
console.log(JSON.stringify({ seed: Number(values.seed), ...report, seconds: seconds() }, null, 1));
process.exit(report.failures.length === 0 ? 0 : 1);
