/**
 * Plays transcripts: dialogues of one or several clients with a server, written as they are read in an RFC.
 *
 *     C: a1 NOOP            sent by the client, with CRLF
 *     S: a1 OK *            expected of the server: `*` at the end stands for anything, `$name` for a word that is kept
 *     2C: ... 2S: ...       the second client; it connects with its first line
 *     C~ text               sent without a line end (for literals and broken lines); `\r`, `\n`, `\0` and `\xHH` are escapes
 *     S: ...                any lines, up to the one that is expected next
 *     #                     a comment
 *
 * Lines that the server is to send are compared in order; every line that it sends must be expected.
 */
import { connect, type Socket } from "node:net";

export class TestClient {
  #buffer = "";
  #waiting: (() => void) | null = null;
  #closed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      this.#buffer += chunk;
      this.#waiting?.();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#waiting?.();
    });
  }

  static connect(port: number): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new TestClient(socket)));
      socket.once("error", reject);
    });
  }

  static over(socket: Socket): TestClient {
    return new TestClient(socket);
  }

  /** Octets as a latin1 string. */
  write(octets: string): void {
    this.socket.write(Buffer.from(octets, "latin1"));
  }

  /** Resolves when the buffer answers the question with something; null when the connection has ended before. */
  async wait<T>(find: (buffer: string) => { value: T; used: number } | null): Promise<T | null> {
    for (;;) {
      const found = find(this.#buffer);
      if (found) {
        this.#buffer = this.#buffer.slice(found.used);
        return found.value;
      }
      if (this.#closed) return null;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
      this.#waiting = null;
    }
  }

  /** The next line without its CRLF, literals within it as they are; null at the end of the connection. */
  line(): Promise<string | null> {
    return this.wait((buffer) => {
      let end = buffer.indexOf("\r\n");
      for (;;) {
        if (end < 0) return null;
        const marker = /\{(\d+)\}$/.exec(buffer.slice(0, end));
        if (!marker) return { value: buffer.slice(0, end), used: end + 2 };
        end = buffer.indexOf("\r\n", end + 2 + Number(marker[1]));
      }
    });
  }

  /** Everything up to and with the tagged response. */
  async until(tag: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error(`the connection ended before ${tag}; came: ${lines.join(" | ")}`);
      lines.push(line);
      if (line.startsWith(`${tag} `)) return lines;
    }
  }

  async command(text: string): Promise<string[]> {
    this.write(`${text}\r\n`);
    return this.until(text.split(" ", 1)[0]!);
  }

  /** Resolves when the server has closed the connection. */
  async ended(): Promise<void> {
    while ((await this.line()) !== null);
  }

  close(): void {
    this.socket.destroy();
  }
}

const LINE = /^\s*(\d*)([CS])([:~]) ?(.*)$/;

export interface TranscriptOptions {
  /** Sent by each client before its first line, such as a LOGIN; its answers are read over. */
  readonly begin?: readonly string[];
}

/** Plays the transcript; throws with the place when something else came. */
export async function play(port: number, transcript: string, options: TranscriptOptions = {}): Promise<void> {
  const clients = new Map<string, TestClient>();
  const names = new Map<string, string>();
  const passing = new Set<TestClient>();
  try {
    for (const raw of transcript.split("\n")) {
      if (raw.trim() === "" || raw.trim().startsWith("#")) continue;
      const parts = LINE.exec(raw);
      if (!parts) throw new Error(`not a line of a transcript: ${raw}`);
      const [, number, direction, mark, text] = parts as unknown as [string, string, string, string, string];
      let client = clients.get(number);
      if (!client) {
        client = await begin(port, options.begin ?? []);
        clients.set(number, client);
      }
      if (direction === "C") {
        client.write(decodeEscapes(fill(text, names)) + (mark === ":" ? "\r\n" : ""));
      } else if (mark === ":" && text === "...") {
        passing.add(client);
      } else {
        const expected = mark === "~" ? null : text;
        let line = await client.line();
        if (passing.delete(client))
          while (
            line !== null &&
            !/^[^*+]\S* (OK|NO|BAD) /.test(line) &&
            !compare(expected ?? "", line, names)
          )
            line = await client.line();
        if (line === null && expected === null) continue;
        const matched = line !== null && expected !== null && compare(expected, line, names);
        if (!matched)
          throw new Error(
            `expected  ${raw.trim()}\nbut came  ${line === null ? "the end" : JSON.stringify(line)}`,
          );
      }
    }
  } finally {
    for (const client of clients.values()) client.close();
  }
}

async function begin(port: number, commands: readonly string[]): Promise<TestClient> {
  const client = await TestClient.connect(port);
  if (commands.length > 0) await client.line();
  for (const command of commands) await client.command(command);
  return client;
}

function fill(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\w+)/g, (whole, name: string) => names.get(name) ?? whole);
}

function decodeEscapes(text: string): string {
  const octets = Buffer.from(text, "utf8").toString("latin1");
  return octets.replace(/\\(r|n|0|x[0-9a-f]{2})/g, (_, code: string) =>
    code === "r"
      ? "\r"
      : code === "n"
        ? "\n"
        : code === "0"
          ? "\0"
          : String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
}

function compare(expected: string, line: string, names: Map<string, string>): boolean {
  const captured: string[] = [];
  const open = expected.endsWith("*") && !expected.endsWith("\\*");
  const body = decodeEscapes(open ? expected.slice(0, -1) : expected);
  const pattern = body.replace(/\$(\w+)|[.*+?^${}()|[\]\\]/g, (part, name: string | undefined) => {
    if (name === undefined) return `\\${part}`;
    const known = names.get(name);
    if (known !== undefined) return known.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    captured.push(name);
    return "([^ \\])]+)";
  });
  const found = new RegExp(`^${pattern}${open ? "[^]*" : ""}$`).exec(line);
  captured.forEach((name, index) => {
    if (found) names.set(name, found[index + 1]!);
  });
  return found !== null;
}
