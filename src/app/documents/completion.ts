/** What bash, zsh and fish read to complete commands, options and choices. */
import type { CommandDescription, NamedCommand } from "./command-description.js";

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell, program: CommandDescription): string {
  if (shell === "fish") return fish(program);
  // zsh reads bash's own form when asked to.
  const prologue = shell === "zsh" ? "#compdef bmbridge\nautoload -U +X bashcompinit && bashcompinit\n" : "";
  return `${prologue}${bash(program)}`;
}

function bash(program: CommandDescription): string {
  const cases = [...nodes(program)].map(({ path, command }) => {
    const words = [...command.commands.map(({ name }) => name), ...choicesOf(command), ...optionsOf(command)];
    return `    ${quote(path.join(" "))}) words=${quote(words.join(" "))} ;;`;
  });
  const known = [...nodes(program)].map(({ path }) => path.join(" ")).filter((path) => path !== "");
  return `_${program.name}() {
  local path="" word words="" next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${known.map(quote).join("|")}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${program.name} ${program.name}
`;
}

function fish(program: CommandDescription): string {
  const lines = [`complete -c ${program.name} -f`];
  for (const { path, command } of nodes(program)) {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const names = command.commands.map(({ name }) => name);
    const notYet = names.length > 0 ? [`not __fish_seen_subcommand_from ${names.join(" ")}`] : [];
    const condition = [...seen, ...notYet].join("; and ");
    const when = condition === "" ? "" : ` -n ${quote(condition)}`;
    for (const child of command.commands) {
      lines.push(`complete -c ${program.name}${when} -a ${child.name} -d ${quote(child.text)}`);
    }
    for (const choice of choicesOf(command))
      lines.push(`complete -c ${program.name}${when} -a ${quote(choice)}`);
    for (const { long, takesValue, text } of command.options) {
      const value = takesValue ? " -r -F" : "";
      lines.push(`complete -c ${program.name}${when} -l ${long.slice(2)}${value} -d ${quote(text)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The program itself, groups of commands, and commands. */
function* nodes(command: CommandDescription, path: readonly string[] = []): Generator<NamedCommand> {
  yield { path, command };
  for (const child of command.commands) yield* nodes(child, [...path, child.name]);
}

function choicesOf({ parameters }: CommandDescription): readonly string[] {
  return parameters.flatMap(({ choices }) => choices);
}

function optionsOf({ options }: CommandDescription): readonly string[] {
  return options.map(({ long }) => long);
}

/** Quoted for a shell; none of our words holds a newline. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
