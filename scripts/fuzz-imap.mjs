// Mutated commands of real mail clients against sessions of the IMAP server in every state, also after STARTTLS, and against its decoder.
//   node scripts/fuzz-imap.mjs [--inputs 1000000] [--seed N] [--from N]
// The build is taken from $DIST (dist). A failure is printed with its seed and number; --from that number runs it again.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzzRun } from "./support/fuzz-run.mjs";

const folder = mkdtempSync(join(tmpdir(), "bmbridge-fuzz-"));
const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost";
execFileSync("openssl", [...request.split(" "), "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
rmSync(folder, { recursive: true });

await fuzzRun({
  module: "fuzz.js",
  name: "fuzz",
  inputs: 1_000_000,
  every: 50_000,
  more: { corpus: "test/fuzz/corpus", tls },
});
