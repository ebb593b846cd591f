/** Two ends of a connection without a network. */
import { Duplex } from "node:stream";

/** As much of a socket as our servers make use of. */
export class Pipe extends Duplex {
  other: Pipe | null = null;
  readonly remoteAddress = "127.0.0.1";
  readonly readyState = "open";
  #taken: (() => void) | null = null;

  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  override _read(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const other = this.other!;
    if (other.push(chunk)) done();
    else other.#taken = done;
  }
  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#taken?.();
    done(error);
  }
}

/** @param ends whether the server's end goes on sending when the client has said all, as `allowHalfOpen` of a server says */
export function pipe(ends: "alone" | "together"): [Pipe, Pipe] {
  const [server, client] = [new Pipe({ allowHalfOpen: ends === "alone" }), new Pipe()];
  server.other = client;
  client.other = server;
  client.on("error", () => {});
  return [server, client];
}
