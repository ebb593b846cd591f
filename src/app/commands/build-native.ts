/** build-native: the proof of work in C, compiled for this machine by this machine's compiler. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CommandError } from "../control/messages.js";
import { print, readContext } from "./context.js";
import { packageDirectory } from "./package-files.js";

export function addBuildNativeCommand(program: Command): void {
  program
    .command("build-native")
    .description("compile the proof of work in C, which is faster, with this machine's compiler ($CC or cc)")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      // What is compiled is for all who run the program.
      process.umask(0o022);
      const script = join(packageDirectory() ?? "", "scripts", "build-native.mjs");
      if (!existsSync(script)) throw new CommandError("this installation comes without the sources in C");
      const status = await run(script);
      if (status !== 0) throw new CommandError("nothing was compiled; see above");
      print(context, { built: true }, () => "Compiled; the next start measures it, and takes the fastest.");
    });
}

function run(script: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, "--force", "--required"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
}
