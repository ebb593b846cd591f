/** What every command needs: the global options, where the data is, and how to print. */
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Command } from "commander";
import type { Config } from "../config/config.js";
import { type ConfigSources, loadConfig } from "../config/load.js";
import { connectControl } from "../control/client.js";
import { CommandError, callMethod } from "../control/messages.js";
import { checkSocketDirectory, type DataDirectory, locateDataDirectory } from "../data-directory.js";
import { terminalJson, terminalText } from "../terminal-text.js";

export interface GlobalOptions {
  readonly dataDir?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly json?: true;
}

export interface Context {
  readonly directory: DataDirectory;
  readonly config: Config;
  /** Where the settings have been read. */
  readonly sources: ConfigSources;
  readonly json: boolean;
}

/** Reads the global options of any command; from then on its files are the owner's alone. ConfigError when the configuration is wrong. */
export function readContext(command: Command): Context {
  process.umask(0o077);
  const options = command.optsWithGlobals<GlobalOptions>();
  const directory = locateDataDirectory(options.dataDir, process.env);
  const file = options.config ?? (existsSync(directory.config) ? directory.config : null);
  const sources = { file, environment: process.env, assignments: options.set };
  return { directory, config: loadConfig(sources), sources, json: options.json === true };
}

export type Call = (method: string, params?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Calls the running node, or works on the store when none runs. */
export async function withMethods<T>(context: Context, work: (call: Call) => Promise<T>): Promise<T> {
  checkSocketDirectory(context.directory);
  const client = await connectControl(context.directory.socket);
  if (client !== null) {
    try {
      return await work((method, params) => client.call(method, params ?? {}));
    } finally {
      client.close();
    }
  }
  // Loaded here: with a node running, no command waits for what only the store needs.
  const [{ openOffline }, { createLogger }] = await Promise.all([
    import("../offline.js"),
    import("../log.js"),
  ]);
  const offline = await openOffline({
    directory: context.directory,
    config: context.config,
    logger: createLogger({ threshold: { ...context.config.log }, format: context.config.log.format }),
    ask: canAsk() ? askSecret : null,
  });
  try {
    return await work((method, params) =>
      callMethod(offline.methods, { id: 0, method, params: params ?? {} }),
    );
  } finally {
    await offline.close();
  }
}

/** As withMethods, for what only a running node can tell. */
export async function withNode<T>(context: Context, work: (call: Call) => Promise<T>): Promise<T> {
  checkSocketDirectory(context.directory);
  const client = await connectControl(context.directory.socket);
  if (client === null) {
    throw new CommandError("no node runs on this data directory; start one with: bmbridge start");
  }
  try {
    return await work((method, params) => client.call(method, params ?? {}));
  } finally {
    client.close();
  }
}

/** Prints a result: as one JSON document with `--json`, else as the lines that `format` makes. */
export function print<T>(
  context: Pick<Context, "json">,
  value: T,
  format: (value: T) => string | readonly string[],
): void {
  if (context.json) process.stdout.write(`${terminalJson(value)}\n`);
  else {
    const lines = format(value);
    const text = typeof lines === "string" ? lines : lines.join("\n");
    if (text !== "") process.stdout.write(`${terminalText(text)}\n`);
  }
}

/** The first line of standard input without its end: a password or passphrase. */
export async function readSecret(): Promise<string> {
  const text = await readInput();
  return text.replace(/\r?\n[\s\S]*$/, "");
}

/** Asks a person at the terminal; what is typed is not shown. CommandError when there is nobody to ask. */
export async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!canAsk()) throw new CommandError("there is no terminal to ask at", "wrong-use");
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: muted, terminal: true });
  stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new CommandError("nothing was given")));
    });
  } finally {
    lines.close();
    stderr.write("\n");
  }
}

/**
 * A conversation with a person, where canConverse tells that there is one: `ask` resolves with a line without blanks around it. CommandError when
 * the person ends it.
 */
export async function converse<T>(
  end: AbortSignal,
  talk: (ask: (question: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // Holds what was typed ahead.
  const typed = lines[Symbol.asyncIterator]();
  const close = () => lines.close();
  end.addEventListener("abort", close, { once: true });
  try {
    return await talk(async (question) => {
      lines.setPrompt(question);
      lines.prompt();
      const line = await typed.next();
      if (!line.done) return line.value.trim();
      process.stdout.write("\n");
      throw new CommandError("ended before the question was answered; nothing has been made");
    });
  } finally {
    end.removeEventListener("abort", close);
    close();
  }
}

/** Whether a person sits at a terminal and reads what is printed. */
export function canConverse({ json }: Pick<Context, "json">): boolean {
  return !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
}

export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
