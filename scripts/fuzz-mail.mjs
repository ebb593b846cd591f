// Mutated mails through the outgoing mapping, and what becomes of them, with mutated messages, through the incoming one: no input makes a
// crash, a hang, ill-formed mail or a header field that nobody asked for, by our parser and by mailparser.
//   node scripts/fuzz-mail.mjs [--inputs 200000] [--seed N] [--from N]
// The build is taken from $DIST (dist). A failure is printed with its seed and number; --from that number runs it again.
import { fuzzRun } from "./support/fuzz-run.mjs";

await fuzzRun({
  module: "fuzz-mail.js",
  name: "fuzzMail",
  inputs: 200_000,
  every: 20_000,
  more: { longest: 5000 },
});
