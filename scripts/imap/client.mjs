// An IMAP client that measures: it sends commands and waits for their tagged responses without looking at what comes between.
import { createConnection } from "node:net";
import { PASSWORD, USER } from "./servers.mjs";

const LONGEST_END = 4096;

export class MeasuringClient {
  #socket;
  #tags = 0;
  #end = "";
  #octets = 0;
  #kept = null;
  #wake = () => {};

  /** Connects and logs in. */
  static async open(port) {
    const client = new MeasuringClient();
    client.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    client.#socket.on("data", (chunk) => client.#receive(chunk));
    client.#socket.on("error", () => {});
    await client.#until((end) => /^\* OK/.test(end));
    await client.command(`LOGIN ${USER} ${PASSWORD}`);
    return client;
  }

  /** Sends a command and resolves with the time that its answer took, in milliseconds, and its size. `literals` follow the text. */
  async command(text, literals = []) {
    const tag = `t${++this.#tags}`;
    const began = performance.now();
    this.#octets = 0;
    this.#end = "";
    this.#socket.write(`${tag} ${text}${literals.length === 0 ? "\r\n" : ""}`);
    for (const [index, { before, bytes }] of literals.entries()) {
      this.#socket.write(`${before}{${bytes.length}+}\r\n`);
      this.#socket.write(bytes);
      if (index === literals.length - 1) this.#socket.write("\r\n");
    }
    const pattern = new RegExp(`(?:^|\\n)${tag} (OK|NO|BAD)[^\\r\\n]*\\r\\n$`);
    await this.#until((end) => pattern.test(end));
    if (pattern.exec(this.#end)[1] !== "OK")
      throw new Error(`${text.slice(0, 80)}: ${this.#end.slice(-200)}`);
    return { milliseconds: performance.now() - began, octets: this.#octets };
  }

  /** The same, with the text of the answer. */
  async ask(text) {
    this.#kept = [];
    await this.command(text);
    const answer = Buffer.concat(this.#kept).toString("latin1");
    this.#kept = null;
    return answer;
  }

  close() {
    this.#socket.destroy();
  }

  #receive(chunk) {
    this.#octets += chunk.length;
    this.#kept?.push(chunk);
    const tail = chunk.subarray(Math.max(0, chunk.length - LONGEST_END)).toString("latin1");
    this.#end = (this.#end + tail).slice(-LONGEST_END);
    if (this.#end.endsWith("\n")) this.#wake();
  }

  async #until(condition) {
    while (!condition(this.#end)) {
      await new Promise((resolve, reject) => {
        this.#wake = resolve;
        this.#socket.once("close", () => reject(new Error(`the connection ended: ${this.#end}`)));
      });
      this.#socket.removeAllListeners("close");
    }
  }
}
