/** config: the settings in force, checked, and as an example. */
import type { Command } from "commander";
import { stringify } from "smol-toml";
import { exampleConfig } from "../config/example.js";
import { print, readContext } from "./context.js";

export function addConfigCommands(program: Command): void {
  const config = program.command("config").description("the settings");
  config
    .command("show")
    .description("every setting in force")
    .action((_options, command: Command) => {
      const context = readContext(command);
      print(context, context.config, (values) => stringify(values).trimEnd());
    });
  config
    .command("check")
    .description("say what is wrong with the configuration, if anything")
    .action((_options, command: Command) => {
      const context = readContext(command);
      print(context, { ok: true }, () => "The configuration is in order.");
    });
  config
    .command("example")
    .description("print every setting with its sentence and default")
    .action(() => {
      process.stdout.write(exampleConfig());
    });
}
