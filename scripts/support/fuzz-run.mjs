// A run of a fuzzer: its options, a line now and then, the report at the end.
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/**
 * Fuzzes with what the command line says and ends the process: with 0 when nothing failed.
 * @param options.module in the build's test/fuzz; options.name the function there
 * @param options.inputs how many, unless the command line says; options.every so many a line is printed
 * @param options.more what that fuzzer is given besides
 */
export async function fuzzRun({ module, name, inputs, every, more }) {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string", default: String(inputs) },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      from: { type: "string", default: "0" },
    },
  });
  const fuzz = (await import(resolve(process.env.DIST ?? "dist", "test/fuzz", module)))[name];
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (error) => {
      console.error(`${event}, seed ${values.seed}:`, error);
      process.exit(1);
    });
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const report = await fuzz({
    ...more,
    seed,
    from: Number(values.from),
    inputs: Number(values.inputs),
    progress: (done) => {
      if (done % every > 0 || done === 0) return;
      const memory = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
      console.log(`${done} inputs, ${seconds()} s, ${memory} MiB`);
    },
  });
  console.log(JSON.stringify({ seed, ...report, seconds: seconds() }, null, 1));
  process.exit(report.failures.length === 0 ? 0 : 1);
}
