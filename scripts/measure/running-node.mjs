// A node in a process of its own on a private network, and what the kernel knows of it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ended, firstDocument, TICKS } from "../support/processes.mjs";

const SETTINGS = [
  "network.name=measure",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=1",
  "node.listen=127.0.0.1:0",
  "node.bootstrap=false",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "log.level=warn",
];

export const LOGIN = { user: "measure", password: "a password for the measurement" };

const running = new Set();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Program {
  /** @param main the built main.js */
  constructor(main) {
    this.main = main;
  }

  #launch(parameters, directory, settings) {
    const set = [...SETTINGS, ...settings].flatMap((setting) => ["--set", setting]);
    const all = [this.main, ...parameters, "--data-dir", directory, "--json", ...set];
    const child = spawn(process.execPath, all, { stdio: ["pipe", "pipe", "inherit"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  }

  /** A login with one identity; the address of that. */
  async setup(directory) {
    const child = this.#launch(["setup", "--user", LOGIN.user, "--password-stdin"], directory, []);
    child.stdin.end(`${LOGIN.password}\n`);
    const [{ identities }] = await Promise.all([firstDocument(child), ended(child)]);
    return identities[0].address;
  }

  async start(directory, settings = []) {
    const began = performance.now();
    const child = this.#launch(["start"], directory, settings);
    const endpoints = await firstDocument(child);
    return new RunningNode(child, endpoints, performance.now() - began, () => this.#status(directory));
  }

  #status(directory) {
    return firstDocument(this.#launch(["status"], directory, []));
  }

  /** `bench ...`: its JSON document. */
  bench(name, seconds) {
    const parameters = [this.main, "bench", name, "--seconds", String(seconds), "--json"];
    return firstDocument(spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] }));
  }
}

const portOf = (endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));

class RunningNode {
  constructor(child, { p2p, smtp }, startMilliseconds, status) {
    this.child = child;
    this.port = portOf(p2p);
    this.smtpPort = portOf(smtp);
    this.startMilliseconds = startMilliseconds;
    this.status = status;
  }

  /** Processor time so far, of all threads, in seconds. */
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Resident memory, in bytes: all, and without the pages of files such as the Node.js binary. */
  memory() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) * 1024;
    return { resident: bytes("VmRSS"), own: bytes("RssAnon") };
  }

  /** Resolves when the node has done nothing for a second; fails after a minute of work. */
  async untilIdle() {
    let quiet = 0;
    let before = this.cpuSeconds();
    for (let tries = 0; quiet < 4; tries++) {
      if (tries === 240) throw new Error("the node does not come to rest");
      await setTimeout(250);
      const now = this.cpuSeconds();
      quiet = now - before <= 1 / TICKS ? quiet + 1 : 0;
      before = now;
    }
  }

  async stop() {
    this.child.kill("SIGTERM");
    await ended(this.child);
  }
}
