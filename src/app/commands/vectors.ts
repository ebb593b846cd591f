import { existsSync } from "node:fs";
import type { Command } from "commander";
import { CommandError } from "../control/messages.js";

export function addVectorsCommand(program: Command): void {
  program
    .command("vectors <directory>")
    .description("run test vectors of the Bitmessage protocol against this program")
    .action(async (directory: string) => {
      const { formatVectorReport, runVectors } = await import("../vectors/run.js");
      if (!existsSync(directory)) throw new CommandError(`there is no directory ${directory}`, "wrong-use");
      const report = runVectors(directory);
      process.stdout.write(`${formatVectorReport(report).join("\n")}\n`);
      if (report.failed > 0 || report.passed === 0) process.exitCode = 1;
    });
}
