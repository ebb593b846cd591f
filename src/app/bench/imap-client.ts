import { connect, type Socket } from "node:net";

/** The end of an answer that is looked at: the tagged response is its last line. */
const LONGEST_END = 1024;

/** Sends IMAP commands and waits for their tagged responses without looking at what comes between. */
export class BenchClient {
  #tags = 0;
  #end = "";
  #wake: (() => void) | null = null;
  #fail: ((error: Error) => void) | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => {});
    socket.on("close", () => this.#fail?.(new Error("the server closed the connection")));
  }

  /** Resolves after the greeting. */
  static async open(port: number): Promise<BenchClient> {
    const client = new BenchClient(connect({ port, host: "127.0.0.1", noDelay: true }));
    await client.#until(/^\* OK/);
    return client;
  }

  /** @throws Error when the answer is not OK */
  async command(text: string, literal?: Uint8Array): Promise<void> {
    const tag = `t${++this.#tags}`;
    this.#end = "";
    this.socket.write(`${tag} ${text}${literal ? ` {${literal.length}+}` : ""}\r\n`);
    if (literal) {
      this.socket.write(literal);
      this.socket.write("\r\n");
    }
    await this.#until(new RegExp(`(?:^|\\n)${tag} (?:OK|NO|BAD)[^\\n]*\\n$`));
    const answer = this.#end.slice(this.#end.lastIndexOf(`${tag} `) + tag.length + 1);
    if (!answer.startsWith("OK")) throw new Error(`${text}: ${answer.trim()}`);
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#end = (this.#end + chunk.toString("latin1", Math.max(0, chunk.length - LONGEST_END))).slice(
      -LONGEST_END,
    );
    this.#wake?.();
  }

  async #until(condition: RegExp): Promise<void> {
    while (!condition.test(this.#end)) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        this.#fail = reject;
      });
    }
  }
}
