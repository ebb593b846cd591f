// What the people of a node do all day: they write, wait for mail, read, mark, file and delete it, come and go, and look at the address book.
import { setTimeout as pause } from "node:timers/promises";
import { ImapFlow } from "imapflow";

/** Mails that a folder keeps: older ones are deleted, so that the mailboxes stay as they are. */
const KEPT = 500;

export class Person {
  #node;
  #readings;
  #random;
  #isOver = () => false;

  constructor({ node, readings, random, isOver }) {
    this.#node = node;
    this.#readings = readings;
    this.#random = random;
    this.#isOver = isOver;
  }

  /** Sessions of a few minutes, one after the other. */
  async live() {
    while (!this.#isOver()) {
      try {
        await this.#session(60_000 + this.#random(240_000));
      } catch (error) {
        if (!this.#isOver()) this.#readings.failure(`IMAP: ${error.message}`);
        await pause(1000);
      }
    }
  }

  async #session(length) {
    const { ports, name, password } = this.#node;
    const client = new ImapFlow({
      host: "127.0.0.1",
      port: ports.imap,
      secure: false,
      auth: { user: name, pass: password },
      logger: false,
      disableAutoIdle: true,
    });
    client.on("error", () => {});
    await this.#readings.time("login", () => client.connect());
    const end = Date.now() + length;
    try {
      await client.mailboxOpen("INBOX");
      while (Date.now() < end && !this.#isOver()) {
        await this.#readings.time("noop", () => client.noop());
        await this.#something(client);
        const idle = client.idle();
        await pause(2000 + this.#random(8000));
        await client.noop();
        await idle;
      }
    } finally {
      await client.logout().catch(() => client.close());
    }
  }

  async #something(client) {
    const { exists } = client.mailbox;
    if (exists === 0) return;
    const one = 1 + this.#random(exists);
    switch (this.#random(6)) {
      case 0:
        await this.#readings.time("fetch", () => client.fetchOne(one, { source: true, bodyStructure: true }));
        break;
      case 1:
        await this.#readings.time("list", () =>
          client.fetchAll(`${Math.max(1, exists - 50)}:*`, { envelope: true, flags: true }),
        );
        break;
      case 2:
        await this.#readings.time("store", () => client.messageFlagsAdd(one, ["\\Seen"]));
        break;
      case 3:
        await this.#readings.time("search", () =>
          client.search({ subject: String(this.#random(100)), unseen: true }),
        );
        break;
      case 4:
        await this.#readings.time("move", () => client.messageMove(one, "Archive"));
        break;
      default:
        await this.#tidy(client);
    }
  }

  /** Deletes what is more than enough, here and where it is filed. */
  async #tidy(client) {
    for (const folder of ["INBOX", "Archive", "Sent", "Trash"]) {
      const lock = await client.getMailboxLock(folder);
      try {
        const surplus = client.mailbox.exists - KEPT;
        if (surplus > 0) await client.messageDelete(`1:${surplus}`);
      } finally {
        lock.release();
      }
    }
    await client.mailboxOpen("INBOX");
  }
}

/** Mails from one node to another, at random moments, `perMinute` of them. */
export async function write({ from, to, perMinute, random, readings, isOver }) {
  for (let number = 0; !isOver(); number++) {
    const size = 200 + random(4000);
    const text = "All work and no play makes a dull text. ".repeat(Math.ceil(size / 40));
    const recipient = number % 10 === 9 ? "broadcast" : to.address;
    const mail = { from: from.address, to: recipient, subject: `${from.name} ${number}`, text };
    try {
      await readings.time("submit", () => from.submit(mail));
    } catch (error) {
      if (!isOver()) readings.failure(`SMTP: ${error.message}`);
    }
    await pause(random((2 * 60_000) / perMinute));
  }
}

/** A program that looks at the address book again and again. */
export async function lookUp({ node, random, readings, isOver }) {
  const login = Buffer.from(`${node.name}:${node.password}`).toString("base64");
  while (!isOver()) {
    try {
      await readings.time("carddav", async () => {
        const answer = await fetch(`http://${node.ports.web}/.well-known/carddav`, {
          method: "PROPFIND",
          headers: { authorization: `Basic ${login}`, depth: "0" },
        });
        await answer.arrayBuffer();
        if (answer.status >= 400) throw new Error(`status ${answer.status}`);
      });
    } catch (error) {
      if (!isOver()) readings.failure(`CardDAV: ${error.message}`);
    }
    await pause(random(6000));
  }
}
