import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import type { CommandDescription } from "../../../src/app/documents/command-description.js";
import { completionScript } from "../../../src/app/documents/completion.js";
import { manualPage } from "../../../src/app/documents/manual-page.js";

const json = { flags: "--json", long: "--json", takesValue: false, text: "one document; it's JSON" };
const label = { flags: "--label <text>", long: "--label", takesValue: true, text: "name" };

function command(name: string, more: Partial<CommandDescription> = {}): CommandDescription {
  return { name, text: `${name} things`, parameters: [], options: [], commands: [], ...more };
}

const shell = { name: "shell", isRequired: true, choices: ["bash", "fish"] };
const program = command("bmbridge", {
  commands: [
    command("identity", {
      commands: [command("create", { options: [json, label] }), command("list", { options: [json] })],
    }),
    command("completion", { parameters: [shell], options: [json] }),
  ],
});

/** What bash offers after these words. */
function completed(...words: string[]): string[] {
  const script = `${completionScript("bash", program)}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bmbridge; echo "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["-c", script, "bash", "bmbridge", ...words], { encoding: "utf8" });
  return output.trim().split(" ");
}

describe("completion", () => {
  test("bash is offered commands, their options and choices, with options between the words", () => {
    expect(completed("")).toEqual(["identity", "completion"]);
    expect(completed("id")).toEqual(["identity"]);
    expect(completed("identity", "")).toEqual(["create", "list"]);
    expect(completed("--json", "identity", "c")).toEqual(["create"]);
    expect(completed("identity", "create", "--l")).toEqual(["--label"]);
    expect(completed("completion", "b")).toEqual(["bash"]);
  });

  test("zsh gets bash's form, fish its own with every text quoted", () => {
    expect(completionScript("zsh", program)).toMatch(/^#compdef bmbridge\n/);
    const lines = completionScript("fish", program).split("\n");
    expect(lines).toContain(
      "complete -c bmbridge -n '__fish_seen_subcommand_from identity; and __fish_seen_subcommand_from list' -l json -d 'one document; it'\\''s JSON'",
    );
  });
});

describe("the manual page", () => {
  test("tells every command with its options; those of all commands once", () => {
    const page = manualPage(program, "1.2.3");
    expect(page).toMatch(/^\.TH BMBRIDGE 1 "" "bmbridge 1\.2\.3"/);
    expect(page).toContain(".B identity create\ncreate things.\n");
    expect(page).toContain(".B completion <shell>\n");
    expect(page.match(/\\-\\-json/g)).toHaveLength(1);
    expect(page.match(/\\-\\-label/g)).toHaveLength(1);
  });

  test("no text becomes a macro", () => {
    const page = manualPage(command("x", { commands: [command("y", { text: ".so /etc/passwd\\n" })] }), "1");
    expect(page).toContain("\\&.so /etc/passwd\\en");
  });
});
