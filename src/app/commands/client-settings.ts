import { Argument, type Command } from "commander";
import { MAIL_CLIENTS } from "../client-setup/mail-clients.js";
import { print, readContext, withMethods } from "./context.js";

export function addClientSettingsCommand(program: Command): void {
  program
    .command("client-settings")
    .description("what to type into a mail client, or the file to load; PASSWORD stands for yours")
    .addArgument(new Argument("[client]", "which one").choices(MAIL_CLIENTS))
    .option("--user <name>", "login (default: the only one)")
    .action(async (client: string | undefined, { user }: { user?: string }, command: Command) => {
      const context = readContext(command);
      const result = await withMethods(context, (call) => call("client.settings", { client, user }));
      print(context, result as { file: { text: string } }, ({ file }) => file.text.trimEnd());
    });
}
