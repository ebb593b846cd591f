/** The command line: every command, and how errors become an exit status and one sentence. */
import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/config.js";
import { CommandError } from "../control/messages.js";
import { STORAGE_TEXTS } from "../storage-texts.js";
import { terminalText } from "../terminal-text.js";
import { addBackupCommands, addSalvageCommand } from "./backup.js";
import { addBenchCommands } from "./bench.js";
import { addBuildNativeCommand } from "./build-native.js";
import { addClientSettingsCommand } from "./client-settings.js";
import { addDeliveryCommands } from "./delivery.js";
import { addDemoCommand } from "./demo.js";
import { addDocumentCommands } from "./documents.js";
import { addKeysCommands } from "./keys.js";
import { addMetricsCommand, addQueueCommands, addSendCommand, addStatusCommand } from "./mail.js";
import { addMovingCommands } from "./moving.js";
import { packageVersion } from "./package-files.js";
import {
  addChanCommands,
  addContactCommands,
  addIdentityCommands,
  addSubscriptionCommands,
} from "./people.js";
import { addConfigCommands } from "./settings.js";
import { addSetupCommand } from "./setup.js";
import { addStartCommand } from "./start.js";
import { addUserCommands } from "./users.js";
import { addVectorsCommand } from "./vectors.js";

/** Runs one command; resolves with the exit status. */
export async function runProgram(parameters: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(parameters, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return await report(error);
  }
}

function createProgram(): Command {
  const program = new Command("bmbridge");
  program
    .description("A Bitmessage node that ordinary mail clients send and read through.")
    .version(packageVersion());
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
  addMetricsCommand(program);
  addKeysCommands(program);
  addBackupCommands(program);
  addSalvageCommand(program);
  addMovingCommands(program);
  addConfigCommands(program);
  addBenchCommands(program);
  addBuildNativeCommand(program);
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

async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) {
    return ["commander.helpDisplayed", "commander.version", "commander.help"].includes(error.code) &&
      error.exitCode === 0
      ? 0
      : 2;
  }
  if (error instanceof ConfigError) {
    complain(error.message);
    return 2;
  }
  if (error instanceof CommandError) {
    complain(error.message);
    return error.kind === "wrong-use" ? 2 : 1;
  }
  const { storageFault } = await import("../../store/storage-fault.js");
  const fault = storageFault(error);
  if (fault !== null && !isSystemError(error)) {
    complain(STORAGE_TEXTS[fault]);
    return 1;
  }
  if (isSystemError(error)) {
    complain(error.message);
    return 1;
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

function complain(text: string): void {
  process.stderr.write(`bmbridge: ${terminalText(text)}\n`);
}

/** A file that is not there, a full disk: the system's own sentence, which names the file. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}
