import type { Command } from "commander";
import { formatVectorReport, runVectors } from "../vectors/run.js";

export function addVectorsCommand(program: Command): void {
  program
    .command("vectors <directory>")
    .description("run test vectors of the Bitmessage protocol against this program")
    .action((directory: string) => {
      const report = runVectors(directory);
      process.stdout.write(`${formatVectorReport(report).join("\n")}\n`);
      if (report.failed > 0 || report.passed === 0) process.exitCode = 1;
    });
}
