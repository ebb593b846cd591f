// Nodes in processes of their own, with a login and an identity, on a private network with hardly any work, where nothing is kept back for the
// sake of privacy: waiting would only keep messages out of reach of what is tried.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createTransport } from "nodemailer";
import { ended, firstDocument } from "./processes.mjs";

const SETTINGS = [
  "network.name=trial",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.bootstrap=false",
  "node.dandelion=0",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "send.ack_delay=0",
  "log.level=error",
];

export class MailNode {
  #settings;
  #build;
  child = null;
  ready = null;

  /** @param {{ build: string, directory: string, name: string, password: string, settings: string[] }} options */
  constructor({ build, directory, name, password, settings }) {
    this.#build = resolve(build);
    this.#settings = settings;
    this.directory = directory;
    this.name = name;
    this.password = password;
  }

  /** Makes a login with an identity, both of the node's name. */
  async setup() {
    const child = this.#launch(
      ["setup", "--user", this.name, "--password-stdin", "--identity", this.name],
      {},
    );
    child.stdin.end(`${this.password}\n`);
    const [{ identities }] = await Promise.all([firstDocument(child), ended(child)]);
    this.address = identities[0].address;
  }

  /** Starts the process; `ready` then resolves with its ports, or rejects if it ends before. */
  launch(environment = {}) {
    this.child = this.#launch(["start"], environment);
    this.ready = firstDocument(this.child).then((ready) => {
      this.ports = { p2p: ready.p2p, imap: portOf(ready.imap), smtp: portOf(ready.smtp), web: ready.web };
      return this.ports;
    });
    this.ready.catch(() => {});
    return this.ready;
  }

  /** @returns {Promise<void>} resolves when the process is gone. */
  end(signal) {
    this.child.kill(signal);
    return ended(this.child);
  }

  /** Submits one mail; resolves when it was answered 250. */
  async submit({ from, to, subject, text = `The message ${subject}.\n` }) {
    const transport = createTransport({
      host: "127.0.0.1",
      port: this.ports.smtp,
      secure: false,
      auth: { user: this.name, pass: this.password },
      connectionTimeout: 5000,
      socketTimeout: 60_000,
    });
    const mail = { subject, text };
    try {
      await transport.sendMail({ ...mail, from: `${from}@bm.localhost`, to: `${to}@bm.localhost` });
    } finally {
      transport.close();
    }
  }

  #launch(parameters, environment) {
    const set = [...SETTINGS, ...this.#settings].flatMap((setting) => ["--set", setting]);
    const main = join(this.#build, "src/main.js");
    return spawn(process.execPath, [main, ...parameters, "--data-dir", this.directory, "--json", ...set], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
  }
}

function portOf(text) {
  return Number(text.slice(text.lastIndexOf(":") + 1));
}
