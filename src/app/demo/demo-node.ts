/** One node of the demonstration: a process of its own, as a person would run it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CommandError } from "../control/messages.js";

export interface DemoNode {
  readonly name: string;
  readonly password: string;
  readonly address: string;
  readonly p2p: string;
  readonly imap: { readonly host: string; readonly port: number };
  readonly smtp: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

export interface DemoNodeOptions {
  /** The program's main file. */
  readonly main: string;
  readonly directory: string;
  readonly name: string;
  readonly password: string;
  /** `section.key=value` */
  readonly settings: readonly string[];
}

/** Sets a node up and starts it; resolves when its listeners are up. */
export async function startDemoNode(options: DemoNodeOptions): Promise<DemoNode> {
  const shared = [
    "--data-dir",
    options.directory,
    "--json",
    ...options.settings.flatMap((setting) => ["--set", setting]),
  ];
  const setup = launch(options, [
    "setup",
    "--user",
    options.name,
    "--password-stdin",
    "--identity",
    options.name,
    ...shared,
  ]);
  setup.stdin?.end(`${options.password}\n`);
  const { identities } = (await firstDocument(setup)) as { identities: { address: string }[] };
  const child = launch(options, ["start", ...shared]);
  const ready = (await firstDocument(child)) as { p2p: string; imap: string; smtp: string };
  return {
    name: options.name,
    password: options.password,
    address: identities[0]?.address ?? "",
    p2p: ready.p2p,
    imap: endpoint(ready.imap),
    smtp: endpoint(ready.smtp),
    stop: () => stop(child),
  };
}

function launch(options: DemoNodeOptions, parameters: readonly string[]): ChildProcess {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("BMBRIDGE_")),
  );
  return spawn(process.execPath, [options.main, ...parameters], {
    stdio: ["pipe", "pipe", "inherit"],
    env: environment,
  });
}

/** The first line on the standard output of a process, read as JSON. */
function firstDocument(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { stdout } = child;
    if (stdout === null) return reject(new CommandError("the node has no output"));
    createInterface({ input: stdout }).once("line", (line) => resolve(JSON.parse(line)));
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new CommandError(`a node of the demonstration ended with status ${code ?? "none"}`)),
    );
    return undefined;
  });
}

function endpoint(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.removeAllListeners("exit");
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    return undefined;
  });
}
