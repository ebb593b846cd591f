import type { Command } from "commander";
import { print, readContext, readSecret, withMethods } from "./context.js";

export interface SetupResult {
  readonly user: string;
  readonly identities: readonly { readonly address: string; readonly label: string }[];
}

export function addSetupCommand(program: Command): void {
  program
    .command("setup")
    .description("make a login with an identity, without questions")
    .requiredOption("--user <name>", "name of the login")
    .requiredOption("--password-stdin", "read its password from standard input")
    .option("--identity <label>", "label of its first identity (default: the name of the login)")
    .action(async (options: { user: string; identity?: string }, command: Command) => {
      const context = readContext(command);
      const password = await readSecret();
      const { user, identity } = options;
      const result = await withMethods(context, (call) =>
        call("setup", { user, password, identity: identity ?? user }),
      );
      print(context, result as SetupResult, ({ identities }) => [
        `The login ${user} is there, with ${identities[0]?.address}.`,
        "Start the node, unless it runs already, with: bmbridge start",
      ]);
    });
}
