/** identity, chan, subscription and contact: whose mail, from and to whom. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { readPreferenceWords } from "../preference-words.js";
import { print, readContext, readSecret, withMethods } from "./context.js";
import { table } from "./text.js";

interface IdentityRow {
  readonly address: string;
  readonly label: string;
  readonly enabled: boolean;
  readonly chan: boolean;
  readonly user: string;
}

type LabelledRow = { readonly address: string; readonly label: string };

export function addIdentityCommands(program: Command): void {
  const identity = program.command("identity").description("addresses whose private keys we hold");
  identity
    .command("create")
    .description("make an address, random or from a passphrase")
    .option("--label <text>", "name shown to people")
    .option("--passphrase-stdin", "derive the keys from the passphrase on standard input")
    .option("--user <name>", "login that owns it (default: the only one)")
    .option("--shorter", "spend minutes to find a shorter address")
    .action(
      async (
        options: { label?: string; passphraseStdin?: true; user?: string; shorter?: true },
        command: Command,
      ) => {
        const context = readContext(command);
        const passphrase = options.passphraseStdin ? await readSecret() : undefined;
        const { label, user, shorter } = options;
        const made = await withMethods(context, (call) =>
          call("identity.create", { label, user, shorter, passphrase }),
        );
        print(context, made as IdentityRow, (row) => row.address);
      },
    );
  ofUsers(identity.command("list"))
    .description("every address of ours")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const { user } = command.opts<{ user?: string }>();
      const rows = (await withMethods(context, (call) => call("identity.list", { user }))) as IdentityRow[];
      print(context, rows, (list) =>
        table(
          list.map((row) => [
            row.address,
            row.user,
            row.enabled ? "" : "disabled",
            row.chan ? "[chan]" : "",
            row.label,
          ]),
        ),
      );
    });
  ofUser(identity.command("label <address> <label>"))
    .description("rename")
    .action(simple("identity.label", ["address", "label"], "Renamed."));
  ofUser(identity.command("list-mode <address> [name]"))
    .description(
      "broadcast what the identity receives, as a mailing list of that name; without a name no longer",
    )
    .action(async (address: string, name: string | undefined, _options: unknown, command: Command) => {
      const context = readContext(command);
      const { user } = command.opts<{ user?: string }>();
      const set = { address, name: name ?? null, user };
      print(context, await withMethods(context, (call) => call("identity.list-mode", set)), () =>
        name === undefined ? "An ordinary identity." : `The list [${name}].`,
      );
    });
  ofUser(identity.command("enable <address>"))
    .description("receive again")
    .action(simple("identity.enable", ["address"], "Enabled."));
  ofUser(identity.command("disable <address>"))
    .description("stop receiving and sending")
    .action(simple("identity.disable", ["address"], "Disabled."));
  ofUser(identity.command("remove <address>"))
    .description("forget the keys for ever; mail that was received stays")
    .action(simple("identity.remove", ["address"], "Removed."));
  ofUser(identity.command("export <address>"))
    .description("print the private keys in the form of PyBitmessage's keys.dat")
    .action(async (address: string, options: { user?: string }, command: Command) => {
      const context = readContext(command);
      const { user } = options;
      const result = (await withMethods(context, (call) => call("identity.export", { address, user }))) as {
        keysDat: string;
      };
      print(context, result, ({ keysDat }) => keysDat.trimEnd());
    });
  identity
    .command("import <file>")
    .description("take the identities and chans of PyBitmessage's keys.dat")
    .option("--user <name>", "login that will own them (default: the only one)")
    .action(async (file: string, options: { user?: string }, command: Command) => {
      const context = readContext(command);
      const text = readFileSync(file, "utf8");
      const result = await withMethods(context, (call) =>
        call("identity.import", { text, user: options.user }),
      );
      const { imported, skipped } = result as {
        imported: IdentityRow[];
        skipped: { address: string; reason: string }[];
      };
      print(context, { imported, skipped }, () => [
        ...imported.map((row) => `${row.address} ${row.label}`),
        ...skipped.map((row) => `not taken: ${row.address}: ${row.reason}`),
      ]);
    });
}

export function addChanCommands(program: Command): void {
  const chan = program
    .command("chan")
    .description("addresses whose keys everybody has who knows the passphrase");
  chan
    .command("join")
    .description("join or make a chan")
    .requiredOption("--passphrase-stdin", "read the passphrase from standard input")
    .option("--label <text>", "name of its folder (default: the passphrase)")
    .option("--user <name>", "login that reads it (default: the only one)")
    .action(async (options: { label?: string; user?: string }, command: Command) => {
      const context = readContext(command);
      const passphrase = await readSecret();
      const made = await withMethods(context, (call) =>
        call("chan.join", { passphrase, label: options.label, user: options.user }),
      );
      print(context, made as IdentityRow, (row) => row.address);
    });
  ofUser(chan.command("leave <address>"))
    .description("leave a chan; its folder stays")
    .action(simple("chan.leave", ["address"], "Left."));
  ofUsers(chan.command("list")).description("joined chans").action(list("chan.list"));
}

export function addSubscriptionCommands(program: Command): void {
  const subscription = program.command("subscription").description("broadcasters that are followed");
  subscription
    .command("add <address>")
    .description("follow a broadcaster")
    .option("--label <text>", "name of its folder")
    .option("--user <name>", "login that reads it (default: the only one)")
    .action(async (address: string, options: { label?: string; user?: string }, command: Command) => {
      const context = readContext(command);
      const result = await withMethods(context, (call) => call("subscription.add", { address, ...options }));
      print(context, result, () => "Followed.");
    });
  ofUser(subscription.command("remove <address>"))
    .description("follow no longer")
    .action(simple("subscription.remove", ["address"], "Removed."));
  ofUsers(subscription.command("list"))
    .description("followed broadcasters")
    .action(list("subscription.list"));
}

export function addContactCommands(program: Command): void {
  const contact = program
    .command("contact")
    .description("names for other people's addresses, for each login");
  ofUser(contact.command("add <address> <label>"))
    .description("name an address")
    .action(simple("contact.add", ["address", "label"], "Kept."));
  ofUser(contact.command("remove <address>"))
    .description("forget a name")
    .action(simple("contact.remove", ["address"], "Removed."));
  ofUsers(contact.command("list")).description("every contact").action(list("contact.list"));
  ofUser(contact.command("set <address> <settings...>"))
    .description(
      "how to write to it: attachments=extended|inline|refuse, encoding=trivial|simple|extended, max_work=TRIALS; default takes one away",
    )
    .action(async (address: string, words: string[], options: { user?: string }, command: Command) => {
      const context = readContext(command);
      const params = { address, ...readPreferenceWords(words), user: options.user };
      print(context, await withMethods(context, (call) => call("contact.set", params)), () => "Set.");
    });
  ofUser(contact.command("block <address>"))
    .description("file under Junk what that address sends, and acknowledge nothing")
    .action(simple("contact.block", ["address"], "Blocked."));
  ofUser(contact.command("unblock <address>"))
    .description("take its messages again")
    .action(simple("contact.unblock", ["address"], "Unblocked."));
}

function ofUser(command: Command): Command {
  return command.option("--user <name>", "login that is meant (default: the only one)");
}

function ofUsers(command: Command): Command {
  return command.option("--user <name>", "only what that login has");
}

/** An action whose arguments become parameters of the same order; with the login that is meant. */
function simple(method: string, names: readonly string[], done: string) {
  return async (...given: unknown[]) => {
    const command = given.at(-1) as Command;
    const context = readContext(command);
    const params = Object.fromEntries(names.map((name, index) => [name, given[index]]));
    const { user } = command.opts<{ user?: string }>();
    const result = await withMethods(context, (call) => call(method, { ...params, user }));
    print(context, result, () => done);
  };
}

function list(method: string) {
  return async (_options: unknown, command: Command) => {
    const context = readContext(command);
    const { user } = command.opts<{ user?: string }>();
    const rows = (await withMethods(context, (call) => call(method, { user }))) as (LabelledRow & {
      user?: string;
      blocked?: boolean;
    })[];
    print(context, rows, (all) =>
      table(all.map((row) => [row.address, row.user ?? "", row.blocked ? "blocked" : "", row.label])),
    );
  };
}
