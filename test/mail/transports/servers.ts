/** Servers on loopback for the transports to meet: SMTP and LMTP that say what the test wants, HTTP that does. */
import { createServer as createHttpServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { OutboundMail } from "../../../src/mail/transports/transport.js";

export function outbound(changes: Partial<OutboundMail> = {}): OutboundMail {
  return {
    id: "h1",
    attempt: 1,
    sender: "bob@bm.localhost",
    recipient: "anna@example.org",
    subject: "Hello",
    messageId: "one@bm.localhost",
    bytes: new Uint8Array(Buffer.from("Subject: Hello\r\nMessage-ID: <one@bm.localhost>\r\n\r\n.dot\r\n")),
    notification: null,
    ...changes,
  };
}

export interface ScriptedServer {
  readonly host: string;
  readonly port: number;
  /** Commands as they came, and each mail as `DATA <octets>`. */
  readonly heard: string[];
  readonly mails: string[];
  close(): Promise<void>;
}

export interface Script {
  /** Answers by verb; a list is used up, its last entry stays. `close` hangs up, `silence` says nothing. */
  readonly [verb: string]: string | readonly string[];
}

const polite: Readonly<Record<string, string>> = {
  CONNECT: "220 ready",
  EHLO: "250-here\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES",
  LHLO: "250-here\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES",
  DATA: "354 go on",
  END: "250 2.0.0 taken",
  QUIT: "221 bye",
};

/** Speaks SMTP or LMTP by the script; what the script leaves out is answered politely. `path`: on a Unix socket. */
export async function scriptedServer(script: Script = {}, path?: string): Promise<ScriptedServer> {
  const heard: string[] = [];
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const used = new Map<string, number>();
  const answer = (socket: Socket, verb: string) => {
    const wanted = script[verb] ?? polite[verb] ?? "250 2.0.0 fine";
    const count = used.get(verb) ?? 0;
    used.set(verb, count + 1);
    const text = typeof wanted === "string" ? wanted : wanted[Math.min(count, wanted.length - 1)]!;
    if (text === "close") socket.destroy();
    else if (text !== "silence") socket.write(`${text}\r\n`);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let buffered = "";
    let state: "commands" | "mail" = "commands";
    socket.on("data", (chunk) => {
      buffered += chunk.toString("latin1");
      for (;;) {
        const end = buffered.indexOf(state === "mail" ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const text = buffered.slice(0, end);
        buffered = buffered.slice(end + (state === "mail" ? 5 : 2));
        if (state === "mail") {
          mails.push(`${text}\r\n`.replace(/^\.\./gm, "."));
          state = "commands";
          answer(socket, "END");
          continue;
        }
        heard.push(text);
        const verb = text.split(/[ :]/)[0]!.toUpperCase();
        answer(socket, verb);
        if (verb === "DATA" && !/^[45]/.test(String(script["DATA"] ?? ""))) state = "mail";
      }
    });
    answer(socket, "CONNECT");
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  const address = server.address();
  return {
    host: "127.0.0.1",
    port: typeof address === "object" && address !== null ? address.port : 0,
    heard,
    mails,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers each POST with the next status of the list, the last one again and again; `null`: hangs up. */
export async function webServer(statuses: readonly (number | null)[] = [200]) {
  const posted: Posted[] = [];
  const server: Server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      posted.push({ headers: request.headers, body: Buffer.concat(chunks) });
      const status = statuses[Math.min(posted.length, statuses.length) - 1] ?? null;
      if (status === null) request.socket.destroy();
      else {
        if (status >= 300 && status < 400) response.setHeader("Location", "/elsewhere");
        response.writeHead(status).end(status === 200 ? "" : "because of the\nservice");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/hook`),
    posted,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
