/** Runs the program as a person would: processes of their own, data directories of their own, loopback only. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs any program to its end; `input` goes to its standard input. */
export function runProgram(
  file: string,
  parameters: readonly string[],
  options: { readonly input?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, parameters, { stdio: "pipe", env: { ...process.env, ...options.environment } });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("latin1");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("latin1");
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** `bmbridge ...` to its end. */
export function bmbridge(parameters: readonly string[], input?: string): Promise<Outcome> {
  return runProgram(process.execPath, [MAIN, ...parameters], input === undefined ? {} : { input });
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "bmbridge-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const PASSWORD = "correct horse battery";

/** A private network without real work, on ports that the system chooses. */
export const TEST_SETTINGS: readonly string[] = [
  "network.name=test",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.listen=127.0.0.1:0",
  "node.bootstrap=false",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "send.ack_delay=0",
  "log.level=warn",
];

export function setOptions(settings: readonly string[]): string[] {
  return settings.flatMap((setting) => ["--set", setting]);
}

export interface RunningNode {
  readonly directory: string;
  readonly child: ChildProcess;
  readonly p2p: string;
  readonly imapPort: number;
  readonly smtpPort: number;
  readonly webPort: number;
  /** 0 without the API. */
  readonly apiPort: number;
  /** Everything on stderr so far. */
  log(): string;
  /** Ends it with a signal; resolves with the exit status, null after a kill. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Makes a user with one identity; returns its address. */
export async function setupNode(directory: string, user: string): Promise<string> {
  const outcome = await bmbridge(
    [
      "setup",
      "--user",
      user,
      "--password-stdin",
      "--identity",
      user,
      "--json",
      "--data-dir",
      directory,
      ...setOptions(TEST_SETTINGS),
    ],
    `${PASSWORD}\n`,
  );
  if (outcome.status !== 0) throw new Error(`setup failed: ${outcome.stderr}`);
  return JSON.parse(outcome.stdout).identities[0].address;
}

export function startNode(directory: string, settings: readonly string[] = []): Promise<RunningNode> {
  const child = spawn(
    process.execPath,
    [MAIN, "start", "--json", "--data-dir", directory, ...setOptions([...TEST_SETTINGS, ...settings])],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => {
      const ready = JSON.parse(line);
      resolve({
        directory,
        child,
        p2p: ready.p2p,
        imapPort: portOf(ready.imap),
        smtpPort: portOf(ready.smtp),
        webPort: portOf(ready.web),
        apiPort: portOf(ready.api ?? ":0"),
        log: () => log,
        stop(signal = "SIGTERM") {
          child.kill(signal);
          return ended;
        },
      });
    });
    void ended.then((status) => reject(new Error(`the node ended with ${status}: ${log}`)));
  });
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
