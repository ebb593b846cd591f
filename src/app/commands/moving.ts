/** import and export: coming from other programs, and going to them. */
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { CommandError } from "../control/messages.js";
import { terminalText } from "../terminal-text.js";
import { type Context, print, readContext, withMethods } from "./context.js";

interface MovingOptions {
  readonly user?: string;
  readonly folder?: string;
}

interface Report {
  readonly added: number;
  readonly known: number;
  readonly continued: number;
  readonly refused: readonly { readonly what: string; readonly reason: string }[];
}

export function addMovingCommands(program: Command): void {
  program
    .command("import")
    .description(
      "take mail along: messages.dat of PyBitmessage, a Maildir or an mbox file; once each, however often it is run",
    )
    .argument("<what>", 'the path of a messages.dat, or "maildir" or "mbox"')
    .argument("[path]", "the directory of a Maildir, or an mbox file")
    .option("--user <name>", "login whose mail it becomes (default: the only one)")
    .option("--folder <name>", "where it goes (default: INBOX and folders of the same names)")
    .action(async (what: string, path: string | undefined, options: MovingOptions, command: Command) => {
      const context = readContext(command);
      print(context, await importFrom(context, what, path, options), reportLines);
    });
  program
    .command("export")
    .description(
      "write all mail into a Maildir, mbox files or a messages.dat of PyBitmessage, or all identities into a keys.dat",
    )
    .argument("<what>", '"maildir", "mbox", "messages.dat" or "keys.dat"')
    .argument("<path>", "the directory, made when missing; for messages.dat and keys.dat the file")
    .option("--user <name>", "login whose mail it is (default: the only one)")
    .action(async (what: string, path: string, options: MovingOptions, command: Command) => {
      const context = readContext(command);
      const { exportMail, exportKeys, exportMessagesDat } = await import("../moving/export.js");
      const target = { user: options.user, path: resolve(path), progress: progressOf(context) };
      const result = await withMethods(context, (call) => {
        if (what === "maildir" || what === "mbox") return exportMail(call, { ...target, form: what });
        if (what === "keys.dat") return exportKeys(call, target);
        if (what === "messages.dat")
          return exportMessagesDat(call, { ...target, now: Math.floor(Date.now() / 1000) });
        throw new CommandError(
          'say what to write: "maildir", "mbox", "messages.dat" or "keys.dat"',
          "wrong-use",
        );
      });
      print(context, result, (written) =>
        Object.entries(written).map(([name, count]) => `${name}: ${count}`),
      );
    });
}

async function importFrom(
  context: Context,
  what: string,
  path: string | undefined,
  options: MovingOptions,
): Promise<Report> {
  const { importMails, importMessagesDat } = await import("../moving/import.js");
  const shared = { user: options.user, progress: progressOf(context) };
  if (what !== "maildir" && what !== "mbox") {
    if (path !== undefined)
      throw new CommandError('two paths, but neither "maildir" nor "mbox" was said', "wrong-use");
    return withMethods(context, (call) => importMessagesDat(call, { ...shared, path: resolve(what) }));
  }
  if (path === undefined)
    throw new CommandError(`say where the ${what} is: bmbridge import ${what} PATH`, "wrong-use");
  const folder = options.folder ?? (what === "mbox" ? mboxFolder(path) : "");
  return withMethods(context, (call) =>
    importMails(call, { ...shared, form: what, path: resolve(path), folder }),
  );
}

/** Files are called like the folders that they were. */
function mboxFolder(path: string): string {
  const name = basename(path).replace(/\.(mbox|mbx)$/i, "");
  return /^(inbox|mbox|mail)$/i.test(name) ? "INBOX" : name;
}

/** A line that counts, for a person at a terminal. */
function progressOf(context: Context): (text: string, share?: number) => void {
  if (context.json || !process.stderr.isTTY) return () => {};
  return (text, share) => process.stderr.write(`\r\x1b[K${bar(share)}${terminalText(text)}`);
}

const BAR_WIDTH = 24;

function bar(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return "";
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${"#".repeat(full)}${" ".repeat(BAR_WIDTH - full)}] `;
}

function reportLines(report: Report): string[] {
  const { added, known, continued, refused } = report;
  return [
    `${added} added${continued > 0 ? `, ${continued} of them go on being sent` : ""}; ${known} were there already; ${refused.length} could not be taken along.`,
    ...refused.slice(0, 20).map(({ what, reason }) => `  ${what.slice(0, 60)}: ${reason}`),
    ...(refused.length > 20 ? [`  and ${refused.length - 20} more (--json lists all)`] : []),
  ];
}
