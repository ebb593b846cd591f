/** The manual page in man(7) macros. */
import {
  type CommandDescription,
  leaves,
  type OptionDescription,
  sharedOptions,
} from "./command-description.js";

export function manualPage(program: CommandDescription, version: string): string {
  const commands = leaves(program);
  const shared = sharedOptions(commands);
  const lines = [
    `.TH ${program.name.toUpperCase()} 1 "" "${program.name} ${roff(version)}" "User Commands"`,
    ".SH NAME",
    `${program.name} \\- ${roff(program.text)}`,
    ".SH SYNOPSIS",
    `.B ${program.name}`,
    "COMMAND [OPTION]...",
    ".SH COMMANDS",
    ...commands.flatMap(({ path, command }) => {
      const parameters = command.parameters.map(({ name, isRequired }) =>
        isRequired ? `<${name}>` : `[${name}]`,
      );
      return [
        ".TP",
        `.B ${roff([...path, ...parameters].join(" "))}`,
        roff(sentence(command.text)),
        ...command.options.filter((option) => !isAmong(shared, option)).flatMap(inner),
      ];
    }),
    ".SH OPTIONS OF ALL COMMANDS",
    ...shared.flatMap(({ flags, text }) => [".TP", `.B ${roff(flags)}`, roff(sentence(text))]),
    ".SH EXIT STATUS",
    "0: done. 1: it failed, one sentence is on standard error. 2: wrong use or configuration.",
    ".SH ENVIRONMENT",
    roff(
      "Each setting section.key can be given as BMBRIDGE_SECTION_KEY. XDG_DATA_HOME is where the data directory is made.",
    ),
    ".SH FILES",
    ".TP",
    roff("~/.local/share/bitmessage-bridge"),
    roff(
      "The data directory: bmbridge.sqlite with keys and mail, tls/ with the certificates, config.toml with the settings if there are any.",
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function inner({ flags, text }: OptionDescription): string[] {
  return [".RS", ".TP", `.B ${roff(flags)}`, roff(sentence(text)), ".RE"];
}

function isAmong(options: readonly OptionDescription[], { flags }: OptionDescription): boolean {
  return options.some((option) => option.flags === flags);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** No text is taken for a macro, and minus signs can be copied. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}
