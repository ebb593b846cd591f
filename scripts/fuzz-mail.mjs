// Mutated mails through the outgoing mapping, and what becomes of them, with mutated messages, through the incoming one: no input makes a
// crash, a hang, ill-formed mail or a header field that nobody asked for, by our parser and by mailparser.
//   node scripts/fuzz-mail.mjs [--inputs 200000] [--seed N] [--from N]
// The build is taken from $DIST (dist). A failure is printed with its seed and number; --from that number runs it again.
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "200000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "0" },
  },
});
const { fuzzMail } = await import(resolve(process.env.DIST ?? "dist", "test/fuzz/fuzz-mail.js"));

for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error) => {
    console.error(`${event}, seed ${values.seed}:`, error);
    process.exit(1);
  });
const began = performance.now();
const seconds = () => Math.round((performance.now() - began) / 1000);
console.log(`seed ${values.seed}`);
const report = await fuzzMail({
  seed: Number(values.seed),
  from: Number(values.from),
  inputs: Number(values.inputs),
  longest: 5000,
  progress: (done) => {
    if (done % 20_000 > 0 || done === 0) return;
    console.log(
      `${done} inputs, ${seconds()} s, ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB`,
    );
  },
});
console.log(JSON.stringify({ seed: Number(values.seed), ...report, seconds: seconds() }, null, 1));
process.exit(report.failures.length === 0 ? 0 : 1);
