/** completion and man-page: what can be typed, told to shells and readers; made from the commands themselves. */
import { type Argument, type Command, Argument as CommandArgument, type Option } from "commander";
import type { CommandDescription } from "../documents/command-description.js";
import type { Shell } from "../documents/completion.js";

export function addDocumentCommands(program: Command): void {
  program
    .command("completion")
    .description("print what makes a shell complete our commands")
    .addArgument(new CommandArgument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("../documents/completion.js");
      process.stdout.write(completionScript(shell, describe(program)));
    });
  program
    .command("man-page")
    .description("print the manual page; read it with: bmbridge man-page | man -l -")
    .action(async () => {
      const { manualPage } = await import("../documents/manual-page.js");
      process.stdout.write(manualPage(describe(program), program.version() ?? ""));
    });
}

function describe(command: Command): CommandDescription {
  return {
    name: command.name(),
    text: command.description(),
    parameters: command.registeredArguments.map(describeArgument),
    options: command.options.map(describeOption),
    commands: command.commands.map(describe),
  };
}

function describeArgument(argument: Argument) {
  return { name: argument.name(), isRequired: argument.required, choices: argument.argChoices ?? [] };
}

function describeOption(option: Option) {
  return {
    flags: option.flags,
    long: option.long ?? "",
    takesValue: option.required,
    text: option.description,
  };
}
