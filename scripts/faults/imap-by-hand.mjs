// IMAP by hand, to see the answers word for word.
import { createConnection } from "node:net";

export class ImapByHand {
  #buffer = "";
  #tags = 0;
  #wake = () => {};

  /** Connects and logs in. */
  async open(port, user, password) {
    this.socket = createConnection(port, "127.0.0.1");
    this.socket.on("data", (chunk) => {
      this.#buffer += chunk.toString("latin1");
      this.#wake();
    });
    this.socket.on("error", () => {});
    await this.#until(/^\* OK.*\r\n/);
    await this.command(`LOGIN ${user} "${password}"`);
    return this;
  }

  async #until(pattern, milliseconds = 15_000) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const match = pattern.exec(this.#buffer);
      if (match) {
        const text = this.#buffer.slice(0, match.index + match[0].length);
        this.#buffer = this.#buffer.slice(text.length);
        return text;
      }
      if (Date.now() > deadline) throw new Error(`no answer from IMAP: ${this.#buffer.slice(0, 200)}`);
      await new Promise((done) => {
        this.#wake = done;
        setTimeout(done, 500);
      });
    }
  }

  /** Appends one mail; the tagged answer. */
  async append(mailbox, bytes) {
    this.socket.write(`A1 APPEND ${mailbox} {${bytes.length}+}\r\n`);
    this.socket.write(bytes);
    this.socket.write("\r\n");
    const answer = await this.#until(/(^|\r\n)A1 .*\r\n/, 60_000);
    return answer.trimEnd().split("\r\n").at(-1).slice(3);
  }

  /** The untagged answers and the tagged one. */
  async command(text, milliseconds) {
    const tag = `a${++this.#tags}`;
    this.socket.write(`${tag} ${text}\r\n`, "latin1");
    const answer = await this.#until(new RegExp(`(^|\\r\\n)${tag} .*\\r\\n`), milliseconds);
    const tagged = answer
      .trimEnd()
      .split("\r\n")
      .at(-1)
      .slice(tag.length + 1);
    return { tagged, isOk: tagged.startsWith("OK"), untagged: answer };
  }
}
