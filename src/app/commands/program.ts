/** The command line: every command, and how errors become an exit status and one sentence. */
import { existsSync, readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/config.js";
import { CommandError } from "../control/messages.js";
import { addBackupCommands } from "./backup.js";
import { addBenchCommands } from "./bench.js";
import { addClientSettingsCommand } from "./client-settings.js";
import { addDeliveryCommands } from "./delivery.js";
import { addDemoCommand } from "./demo.js";
import { addDocumentCommands } from "./documents.js";
import { addKeysCommands } from "./keys.js";
import { addQueueCommands, addSendCommand, addStatusCommand } from "./mail.js";
import { addMovingCommands } from "./moving.js";
import {
  addChanCommands,
  addContactCommands,
  addIdentityCommands,
  addSubscriptionCommands,
  addUserCommands,
} from "./people.js";
import { addConfigCommands } from "./settings.js";
import { addSetupCommand } from "./setup.js";
import { addStartCommand } from "./start.js";
import { addVectorsCommand } from "./vectors.js";

/** Runs one command; resolves with the exit status. */
export async function runProgram(parameters: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(parameters, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return report(error);
  }
}

function createProgram(): Command {
  const program = new Command("bmbridge");
  program
    .description("A Bitmessage node that ordinary mail clients send and read through.")
    .version(version());
  addStartCommand(program);
  addSetupCommand(program);
  addClientSettingsCommand(program);
  addDemoCommand(program);
  addUserCommands(program);
  addIdentityCommands(program);
  addChanCommands(program);
  addSubscriptionCommands(program);
  addContactCommands(program);
  addSendCommand(program);
  addQueueCommands(program);
  addDeliveryCommands(program);
  addStatusCommand(program);
  addKeysCommands(program);
  addBackupCommands(program);
  addMovingCommands(program);
  addConfigCommands(program);
  addBenchCommands(program);
  addVectorsCommand(program);
  addDocumentCommands(program);
  for (const command of leaves(program)) addGlobalOptions(command);
  forAll(program, (command) => command.exitOverride().showHelpAfterError("(--help tells how)"));
  return program;
}

/** Given to each command, so that they may stand before or after its own options. */
function addGlobalOptions(command: Command): void {
  command
    .option("--data-dir <dir>", "where everything is kept (default: the XDG data directory)")
    .option("--config <file>", "settings (default: config.toml in the data directory)")
    .option(
      "--set <section.key=value>",
      "one setting, again and again",
      (value, all: string[]) => [...all, value],
      [],
    )
    .option("--json", "one JSON document on standard output");
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function forAll(command: Command, apply: (command: Command) => void): void {
  apply(command);
  for (const child of command.commands) forAll(child, apply);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return ["commander.helpDisplayed", "commander.version", "commander.help"].includes(error.code) &&
      error.exitCode === 0
      ? 0
      : 2;
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`bmbridge: ${error.message}\n`);
    return 2;
  }
  if (error instanceof CommandError) {
    process.stderr.write(`bmbridge: ${error.message}\n`);
    return error.kind === "wrong-use" ? 2 : 1;
  }
  if (isSystemError(error)) {
    process.stderr.write(`bmbridge: ${error.message}\n`);
    return 1;
  }
  process.stderr.write(
    `bmbridge: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

/** A file that is not there, a full disk: the system's own sentence, which names the file. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** The version in the package.json above this file, wherever the build stands. */
function version(): string {
  for (
    let directory = new URL(".", import.meta.url);
    directory.pathname !== "/";
    directory = new URL("..", directory)
  ) {
    const file = new URL("package.json", directory);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return "unknown";
}
