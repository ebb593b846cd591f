/** user: logins, their passwords and app passwords, and who is locked out. */
import type { Command } from "commander";
import { type Context, print, readContext, readSecret, withMethods } from "./context.js";
import { table } from "./text.js";

interface UserRow {
  readonly name: string;
  readonly app_passwords: number;
  readonly failures: readonly {
    readonly source: string;
    readonly failures: number;
    readonly locked_for: number;
  }[];
}

interface AppPasswordRow {
  readonly label: string;
  readonly services: readonly string[];
  readonly created: number;
  readonly last_used: number | null;
  readonly last_service: string | null;
  readonly last_address: string | null;
}

export function addUserCommands(program: Command): void {
  const user = program.command("user").description("local logins for SMTP and IMAP");
  addPasswordCommands(user);
  user
    .command("list")
    .description("every login, and from where wrong passwords have been tried")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const users = (await withMethods(context, (call) => call("user.list"))) as UserRow[];
      print(context, users, (rows) => rows.flatMap(userLines));
    });
  user
    .command("unlock <name>")
    .description("forget wrong passwords, so that who was locked out can log in at once")
    .action((name: string, _options, command: Command) =>
      run(command, ["user.unlock", { name }], () => "Everybody may try again."),
    );
  user
    .command("remove <name>")
    .description("remove a login that owns no identities any more, with its mail and chans")
    .action((name: string, _options, command: Command) =>
      run(command, ["user.remove", { name }], () => "The login is gone."),
    );
  addAppPasswordCommands(user);
}

function addPasswordCommands(user: Command): void {
  for (const [name, text] of [
    ["add", "make a login; its password is asked on standard input"],
    ["passwd", "change a password; sessions that began with the old one end, app passwords stay"],
  ] as const) {
    user
      .command(`${name} <name>`)
      .description(text)
      .option("--password-stdin", "read the password from standard input (the only way)")
      .action(async (login: string, _options, command: Command) => {
        const password = await readSecret();
        await run(command, [`user.${name}`, { name: login, password }], () =>
          name === "add" ? `The login ${login} is there.` : "The password is changed.",
        );
      });
  }
}

function addAppPasswordCommands(user: Command): void {
  const app = user.command("app-password").description("passwords of single mail clients, each revocable");
  app
    .command("add <name> <label>")
    .description("make one, for a client of that label; it is shown only now")
    .option("--only <services>", "what it opens, of imap,smtp,carddav,web,api (default: imap,smtp,carddav)")
    .action(async (login: string, label: string, { only }: { only?: string }, command: Command) => {
      const services = only?.split(",").map((service) => service.trim());
      const params = { user: login, label, ...(services === undefined ? {} : { services }) };
      await run<{ label: string; password: string; services: string[] }>(
        command,
        ["app-password.add", params],
        (made) => [
          made.password,
          `The app password ${made.label} of ${login}, for ${made.services.join(", ")}. It is shown only now.`,
        ],
      );
    });
  app
    .command("list <name>")
    .description("each with when it was made and last used")
    .action((login: string, _options, command: Command) =>
      run<AppPasswordRow[]>(command, ["app-password.list", { user: login }], (rows) =>
        table(
          rows.map((row) => [row.label, row.services.join(","), `made ${day(row.created)}`, lastUse(row)]),
        ),
      ),
    );
  app
    .command("revoke <name> <label>")
    .description("take it away; sessions that began with it end")
    .action((login: string, label: string, _options, command: Command) =>
      run(command, ["app-password.revoke", { user: login, label }], () => "Revoked."),
    );
}

async function run<T>(
  command: Command,
  [method, params]: readonly [string, Readonly<Record<string, unknown>>],
  format: (result: T) => string | readonly string[],
): Promise<void> {
  const context: Context = readContext(command);
  print(context, (await withMethods(context, (call) => call(method, params))) as T, format);
}

function userLines({ name, failures }: UserRow): string[] {
  return [
    name,
    ...failures.map((row) => `  ${row.failures} wrong passwords from ${row.source}${lockText(row)}`),
  ];
}

function lockText({ locked_for: seconds }: UserRow["failures"][number]): string {
  return seconds > 0 ? `, locked out for ${Math.ceil(seconds / 60)} minutes: bmbridge user unlock` : "";
}

function lastUse({ last_used: time, last_service, last_address }: AppPasswordRow): string {
  return time === null ? "never used" : `used ${day(time)} by ${last_service} from ${last_address}`;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 16);
}
