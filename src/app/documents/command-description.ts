/** A command as documents tell of it: apart from the library that parses the command line. */
export interface CommandDescription {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly isRequired: boolean;
    readonly choices: readonly string[];
  }[];
  readonly options: readonly OptionDescription[];
  readonly commands: readonly CommandDescription[];
}

export interface OptionDescription {
  /** As shown: `--label <text>`. */
  readonly flags: string;
  /** `--label`. */
  readonly long: string;
  readonly takesValue: boolean;
  readonly text: string;
}

export interface NamedCommand {
  /** Words after the program's name. */
  readonly path: readonly string[];
  readonly command: CommandDescription;
}

/** Every command that can be run, in the order of the help. */
export function leaves(command: CommandDescription, path: readonly string[] = []): NamedCommand[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name]));
}

/** Options that every command has; named once. */
export function sharedOptions(commands: readonly NamedCommand[]): readonly OptionDescription[] {
  const [first, ...others] = commands;
  const isEverywhere = ({ flags }: OptionDescription) =>
    others.every(({ command }) => command.options.some((option) => option.flags === flags));
  return first?.command.options.filter(isEverywhere) ?? [];
}
