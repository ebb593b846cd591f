/** keys: whether private keys are encrypted where they are kept, and with which passphrase. */
import type { Command } from "commander";
import { CommandError } from "../control/messages.js";
import type { DataDirectory } from "../data-directory.js";
import { olderCopies } from "../older-copies.js";
import { askSecret, print, readContext, readInput, withMethods, withNode } from "./context.js";

interface Status {
  readonly encrypted: boolean;
  readonly locked: boolean;
  /** After a change of the passphrase: a file or credential still has another one. */
  readonly stale_passphrase?: boolean;
  readonly traces: "none" | "left";
  readonly chans_called_by_passphrase: readonly string[];
}

export function addKeysCommands(program: Command): void {
  const keys = program
    .command("keys")
    .description("the passphrase that private keys are encrypted with at rest");
  keys
    .command("status")
    .description("whether they are encrypted")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const status = (await withMethods(context, (call) => call("keys.status"))) as Status;
      print(context, status, ({ encrypted, locked }) =>
        encrypted
          ? [
              locked
                ? "The private keys are encrypted, and locked: bmbridge keys unlock"
                : "The private keys are encrypted.",
              ...remains(status, context.directory),
            ]
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
  change(keys.command("unlock").description("unlock them in a node that runs without their passphrase"), {
    method: "keys.unlock",
    secrets: [["passphrase", "Passphrase: "]],
    done: "The private keys are unlocked.",
    by: withNode,
  });
  keys
    .command("lock")
    .description("forget the passphrase: nothing is sent or opened until they are unlocked, and mail is kept")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      print(
        context,
        await withNode(context, (call) => call("keys.lock")),
        () => "The private keys are locked.",
      );
    });
  change(keys.command("decrypt").description("keep them without a passphrase again"), {
    method: "keys.decrypt",
    secrets: [["passphrase", "Passphrase: "]],
    done: "The private keys are no longer encrypted.",
  });
}

const STALE =
  "keys.passphrase_file, or the systemd credential, still has another one: write the new one there, or the next start fails.";

interface Change {
  readonly method: string;
  /** Names of parameters, and what is asked for them. */
  readonly secrets: readonly (readonly [string, string])[];
  readonly done: string;
  /** Where it is done: by the node or on the store, unless given. */
  readonly by?: typeof withMethods;
}

function change(command: Command, { method, secrets, done, by = withMethods }: Change): void {
  const order = secrets.length > 1 ? "; the old one on the first line, the new one on the second" : "";
  command
    .option("--passphrase-stdin", `read from standard input instead of asking${order}`)
    .action(async (options: { passphraseStdin?: true }, self: Command) => {
      const context = readContext(self);
      const values = options.passphraseStdin ? (await readInput()).split(/\r?\n/) : await askAll(secrets);
      const params = Object.fromEntries(secrets.map(([name], index) => [name, values[index] ?? ""]));
      const status = (await by(context, (call) => call(method, params))) as Status;
      print(context, status, ({ encrypted, stale_passphrase: stale }) => [
        done,
        ...(stale ? [STALE] : []),
        ...(encrypted ? remains(status, context.directory) : []),
      ]);
    });
}

/** Where what opens messages still stands as it is. */
function remains(
  { traces, chans_called_by_passphrase: chans }: Status,
  { database }: DataDirectory,
): string[] {
  const copies = olderCopies(database);
  const lines: string[] = [];
  if (traces === "left")
    lines.push("There was no room to clear the database of them as they were; the next start tries again.");
  if (copies.length > 0)
    lines.push("Copies from earlier times may hold them as they were; when you need them no more, delete:");
  lines.push(...copies);
  if (chans.length > 0)
    lines.push(
      "Labels and mail are not encrypted. These chans are called by their passphrases, which is all that it takes to read them:",
      ...chans,
    );
  return lines;
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
