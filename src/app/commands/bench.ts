/** bench: how fast this machine does what a node does. */
import { type Command, InvalidArgumentError } from "commander";
import { print } from "./context.js";
import { table } from "./text.js";

interface BenchOptions {
  readonly seconds: number;
  readonly json?: true;
  readonly anchor?: string;
}

export function addBenchCommands(program: Command): void {
  const bench = program.command("bench").description("how fast this machine does what a node does");
  addBench(bench, "pow", "proof of work: each engine on one core, the fastest on all", async (options) => {
    const { benchPow } = await import("../bench/pow.js");
    const result = await benchPow(options);
    return { result, rows: result.engines };
  }).option("--anchor <file>", "compare with what scripts/build-anchors.mjs has made");
  addBench(bench, "decrypt", "messages tried with the keys of 1 to 1000 identities", async (options) => {
    const { benchDecrypt } = await import("../bench/decrypt.js");
    const result = await benchDecrypt(options);
    return { result, rows: result.implementations };
  });
  addBench(bench, "verify", "objects of each size, checked before they are stored", async (options) => {
    const { benchVerify } = await import("../bench/verify.js");
    const result = await benchVerify(options);
    return { result, rows: result.sizes };
  });
  addBench(bench, "imap", "what mail clients ask of a mailbox of 10,000 messages", async (options) => {
    const { benchImap } = await import("../bench/imap.js");
    const result = await benchImap(options);
    return { result, rows: result.commands };
  });
  addBench(bench, "store", "mails and objects kept in a second", async (options) => {
    const { benchStore } = await import("../bench/store.js");
    const result = await benchStore(options);
    return { result, rows: result.operations };
  });
}

/** @param run gives the JSON document, and what of it goes into the table for people */
function addBench(
  bench: Command,
  name: string,
  text: string,
  run: (options: BenchOptions) => Promise<{ result: object; rows: readonly object[] }>,
): Command {
  return bench
    .command(name)
    .description(text)
    .option("--seconds <number>", "about how long to measure", readSeconds, 10)
    .action(async (options: BenchOptions) => {
      const { result, rows } = await run(options);
      print({ json: options.json === true }, result, () => rowsTable(rows));
    });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0 || seconds > 3600) {
    throw new InvalidArgumentError("Write a number of seconds, above 0 and at most 3600.");
  }
  return seconds;
}

function rowsTable(rows: readonly object[]): string[] {
  const names = Object.keys(rows[0] ?? {}).map((name) => name.replaceAll("_", " "));
  const cells = rows.map((row) => Object.values(row).map((value) => value?.toLocaleString("en") ?? ""));
  return table([names, ...cells]);
}
