// Connections to the mail servers that note when what they wait for arrives.
import { connect } from "node:net";

/** Lines as they come, each with the time of its arrival. */
class Lines {
  #lines = [];
  #wake = null;
  #rest = "";

  constructor({ host, port }) {
    this.socket = connect({ host, port, noDelay: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => {
      const time = performance.now();
      const lines = (this.#rest + chunk.toString("latin1")).split("\r\n");
      this.#rest = lines.pop();
      this.#lines.push(...lines.map((text) => ({ text, time })));
      this.#wake?.();
    });
    this.socket.on("close", () => this.#wake?.(new Error("a server closed the connection")));
  }

  /** The first line from now on that matches; those before it are forgotten. */
  async until(pattern) {
    for (;;) {
      while (this.#lines.length > 0) {
        const line = this.#lines.shift();
        if (pattern.test(line.text)) return line;
        if (/^(?:[45]\d\d[ ]|\w+ (?:NO|BAD) )/.test(line.text)) throw new Error(line.text);
      }
      await new Promise((resolve, reject) => {
        this.#wake = (error) => (error ? reject(error) : resolve());
      });
    }
  }

  ask(command, pattern) {
    this.socket.write(`${command}\r\n`);
    return this.until(pattern);
  }
}

/** @param {{ smtp: { host: string, port: number }, name: string, password: string }} node */
export async function openSubmission({ smtp, name, password }) {
  const lines = new Lines(smtp);
  await lines.until(/^220 /);
  await lines.ask("EHLO measure.example", /^250 /);
  await lines.ask(`AUTH PLAIN ${Buffer.from(`\0${name}\0${password}`).toString("base64")}`, /^235 /);
  return {
    /** Resolves with the time of the `250`. */
    async send({ from, to, subject, text }) {
      await lines.ask(`MAIL FROM:<${from}>`, /^250 /);
      await lines.ask(`RCPT TO:<${to}>`, /^250 /);
      await lines.ask("DATA", /^354 /);
      const header = `From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\n`;
      const { time } = await lines.ask(`${header}\r\n${text}\r\n.`, /^250 /);
      return time;
    },
    close: () => lines.socket.destroy(),
  };
}

/** Waits for mail in INBOX by IDLE. */
export async function openIdle({ imap, name, password }) {
  const lines = new Lines(imap);
  await lines.until(/^\* OK/);
  await lines.ask(`a LOGIN ${name} "${password}"`, /^a OK/);
  await lines.ask("b SELECT INBOX", /^b OK/);
  await lines.ask("c IDLE", /^\+/);
  return {
    /** Resolves with how many messages there are now, and when it was said. */
    async arrival() {
      const { text, time } = await lines.until(/^\* \d+ EXISTS/);
      return { count: Number(text.split(" ")[1]), time };
    },
    close: () => lines.socket.destroy(),
  };
}
