// Bridges in processes of their own on a private network with hardly any work, for scripts that break something.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { ended, firstDocument } from "../support/processes.mjs";

export const PASSWORD = "a password for the faults";
const SETTINGS = [
  "network.name=faults",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.bootstrap=false",
  "node.listen=127.0.0.1:0",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "log.level=info",
  "log.format=json",
  "node.dandelion=0",
  "send.ack_delay=0",
];

const running = new Set();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Bridge {
  /** What it has said on standard error. */
  log = "";

  constructor(main, directory, { settings = [], environment = {}, shell = null } = {}) {
    Object.assign(this, { main, directory, settings, environment, shell });
  }

  launch(parameters) {
    const set = [...SETTINGS, ...this.settings].flatMap((setting) => ["--set", setting]);
    const all = [process.execPath, this.main, ...parameters, "--data-dir", this.directory, "--json", ...set];
    const [program, ...rest] =
      this.shell === null ? all : ["/bin/sh", "-c", `${this.shell}; exec "$0" "$@"`, ...all];
    const child = spawn(program, rest, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...this.environment },
    });
    child.stderr.on("data", (chunk) => {
      this.log += chunk;
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  }

  /** Runs a command to its end: its exit status and what it printed. */
  async run(...parameters) {
    const child = this.launch(parameters);
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stdin.end();
    await once(child, "close");
    return { status: child.exitCode, output };
  }

  async setup(name) {
    const child = this.launch(["setup", "--user", name, "--password-stdin", "--identity", name]);
    child.stdin.end(`${PASSWORD}\n`);
    const [{ identities }] = await Promise.all([firstDocument(child), once(child, "close")]);
    this.user = name;
    this.address = identities[0].address;
  }

  async start() {
    this.child = this.launch(["start"]);
    const ready = await firstDocument(this.child);
    const port = (text) => (text ? Number(text.slice(text.lastIndexOf(":") + 1)) : null);
    Object.assign(this, {
      ready,
      p2p: ready.p2p,
      imapPort: port(ready.imap),
      smtpPort: port(ready.smtp),
      webPort: port(ready.web),
    });
    return this;
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    await ended(this.child);
  }

  /** Resolves with the answer to the mail: `{ code, text }`; code 0 when there was none. */
  async submit(to, subject, text = `The message ${subject}.\n`) {
    const transport = createTransport({
      host: "127.0.0.1",
      port: this.smtpPort,
      secure: false,
      auth: { user: this.user, pass: PASSWORD },
      connectionTimeout: 5000,
      socketTimeout: 20_000,
    });
    try {
      const { response } = await transport.sendMail({
        from: `${this.address}@bm.localhost`,
        to: `${to}@bm.localhost`,
        subject,
        text,
      });
      return { code: Number(response.slice(0, 3)), text: response };
    } catch (error) {
      return { code: error.responseCode ?? 0, text: error.response ?? error.message };
    } finally {
      transport.close();
    }
  }

  async imap() {
    const client = new ImapFlow({
      host: "127.0.0.1",
      port: this.imapPort,
      secure: false,
      auth: { user: this.user, pass: PASSWORD },
      logger: false,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Subjects in a mailbox, with how often each is there. */
  async subjects(mailbox) {
    const client = await this.imap();
    await client.mailboxOpen(mailbox);
    const counts = new Map();
    if (client.mailbox.exists > 0) {
      for await (const { envelope } of client.fetch("1:*", { envelope: true }))
        counts.set(envelope.subject, (counts.get(envelope.subject) ?? 0) + 1);
    }
    await client.logout();
    return counts;
  }
}

/** Resolves when it holds; false after so many milliseconds. */
export async function until(condition, milliseconds = 30_000) {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await pause(100);
  }
  return false;
}
