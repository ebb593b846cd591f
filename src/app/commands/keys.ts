/** keys: whether private keys are encrypted where they are kept, and with which passphrase. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { CommandError } from "../control/messages.js";
import type { DataDirectory } from "../data-directory.js";
import { askSecret, print, readContext, readInput, withMethods } from "./context.js";

type Status = { readonly encrypted: boolean; readonly traces: "none" | "left" };

export function addKeysCommands(program: Command): void {
  const keys = program
    .command("keys")
    .description("the passphrase that private keys are encrypted with at rest");
  keys
    .command("status")
    .description("whether they are encrypted")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const status = await withMethods(context, (call) => call("keys.status"));
      print(context, status as Status, ({ encrypted, traces }) =>
        encrypted
          ? ["The private keys are encrypted.", ...remains(traces, context.directory)]
          : "The private keys are not encrypted: bmbridge keys encrypt",
      );
    });
  change(keys.command("encrypt").description("encrypt them with a passphrase, asked at each start"), {
    method: "keys.encrypt",
    secrets: [["passphrase", "New passphrase: "]],
    done: "The private keys are encrypted. Without the passphrase nobody can ever read them again, and that is you, too.",
  });
  change(keys.command("passphrase").description("change the passphrase"), {
    method: "keys.passphrase",
    secrets: [
      ["passphrase", "Passphrase until now: "],
      ["new_passphrase", "New passphrase: "],
    ],
    done: "The passphrase is changed.",
  });
  change(keys.command("decrypt").description("keep them without a passphrase again"), {
    method: "keys.decrypt",
    secrets: [["passphrase", "Passphrase: "]],
    done: "The private keys are no longer encrypted.",
  });
}

interface Change {
  readonly method: string;
  /** Names of parameters, and what is asked for them. */
  readonly secrets: readonly (readonly [string, string])[];
  readonly done: string;
}

function change(command: Command, { method, secrets, done }: Change): void {
  const order = secrets.length > 1 ? "; the old one on the first line, the new one on the second" : "";
  command
    .option("--passphrase-stdin", `read from standard input instead of asking${order}`)
    .action(async (options: { passphraseStdin?: true }, self: Command) => {
      const context = readContext(self);
      const values = options.passphraseStdin ? (await readInput()).split(/\r?\n/) : await askAll(secrets);
      const params = Object.fromEntries(secrets.map(([name], index) => [name, values[index] ?? ""]));
      const status = (await withMethods(context, (call) => call(method, params))) as Status;
      print(context, status, ({ encrypted, traces }) => [
        done,
        ...(encrypted ? remains(traces, context.directory) : []),
      ]);
    });
}

/** Where keys may still stand as they were. */
function remains(traces: Status["traces"], { database }: DataDirectory): string[] {
  const copies = readdirSync(dirname(database)).filter((name) =>
    /^\.(?:version-\d+|replaced-[^.]+)(?:-wal)?$/.test(name.slice(basename(database).length)),
  );
  return [
    ...(traces === "left"
      ? [
          "There was no room on the disk to clear the database of them as they were; the next start tries again.",
        ]
      : []),
    ...(copies.length === 0
      ? []
      : ["Copies from earlier times may hold them as they were; when you need them no more, delete:"]),
    ...copies.map((name) => join(dirname(database), name)),
  ];
}

async function askAll(secrets: Change["secrets"]): Promise<string[]> {
  const values: string[] = [];
  for (const [, question] of secrets) {
    const value = await askSecret(question);
    if (question.startsWith("New") && (await askSecret("Once more: ")) !== value)
      throw new CommandError("the two are not the same", "wrong-use");
    values.push(value);
  }
  return values;
}
