/** backup and restore: everything in one file, and back. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { connectControl } from "../control/client.js";
import { CommandError } from "../control/messages.js";
import { checkSocketDirectory } from "../data-directory.js";
import { print, readContext, withMethods } from "./context.js";

export function addBackupCommands(program: Command): void {
  program
    .command("backup <file>")
    .description("copy keys, mail and settings into one file, also while the node runs")
    .action(async (file: string, _options, command: Command) => {
      const context = readContext(command);
      const made = await withMethods(context, (call) => call("backup", { file: resolve(file) }));
      print(context, made as { file: string; size: number }, ({ file: name, size }) => [
        `${name}: ${(size / 1e6).toFixed(1)} MB.`,
        "It holds your private keys and all mail: keep it as you would keep them.",
      ]);
    });
  program
    .command("restore <file>")
    .description("fill the data directory from a backup; no node may run there")
    .option("--replace", "put aside what is there")
    .action(async (file: string, options: { replace?: true }, command: Command) => {
      const context = readContext(command);
      checkSocketDirectory(context.directory);
      const running = await connectControl(context.directory.socket);
      running?.close();
      if (running !== null) throw new CommandError("a node runs on this data directory; stop it first");
      const { restore } = await import("../backup.js");
      const existing = options.replace ? "replace" : "refuse";
      const result = restore({ file, directory: context.directory, existing });
      print(context, result, ({ users, waiting, replaced }) => [
        `The data of ${users.length === 0 ? "no login" : users.join(", ")} is back.`,
        ...(replaced === null ? [] : [`What was there before is in ${replaced}`]),
        ...(waiting === 0
          ? []
          : [
              `${waiting} messages will be sent when the node starts, also such as went out after the backup: bmbridge queue list`,
            ]),
      ]);
    });
}

export function addSalvageCommand(program: Command): void {
  program
    .command("salvage")
    .description(
      "look through the database, and save what can be read of a damaged one; no node may run there",
    )
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const { directory, config } = context;
      checkSocketDirectory(directory);
      const running = await connectControl(directory.socket);
      running?.close();
      if (running !== null) throw new CommandError("a node runs on this data directory; stop it first");
      const { salvageDamaged } = await import("../rescue.js");
      const rescue = salvageDamaged(directory.database, config.mail.domain);
      const result =
        rescue === null
          ? { damaged: false as const }
          : {
              damaged: true as const,
              kept: rescue.kept,
              mails: rescue.result.mails,
              lost: rescue.result.lost.length,
              identities: rescue.result.identities,
              losses: rescue.result.losses,
            };
      print(context, result, (told) =>
        told.damaged
          ? [
              `${told.mails} mails and ${told.identities} identities have been saved; ${told.lost} mails are lost. INBOX tells which.`,
              `The damaged database is kept: ${told.kept}`,
            ]
          : ["The database is sound."],
      );
    });
}
