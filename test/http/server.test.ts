import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { loadServerCertificate } from "../../src/app/certificates.js";
import type { HttpLimits } from "../../src/http/limits.js";
import { HttpError, type HttpHandler } from "../../src/http/message.js";
import { createHttpServer, type HttpServer } from "../../src/http/server.js";
import { silentLogger } from "../../src/logger.js";

const running: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function serve(handler: HttpHandler, limits: Partial<HttpLimits> = {}): Promise<number> {
  const server = createHttpServer({ listen: { host: "127.0.0.1", port: 0 }, handler, limits });
  running.push(server);
  return (await server.start()).port;
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  return socket;
}

/** Sends octets and reads until the server closes. */
function exchange(port: number, text: string): Promise<string> {
  const socket = open(port);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  socket.write(text, "latin1");
  return new Promise((resolve) => socket.once("close", () => resolve(answer)));
}

const hello: HttpHandler = () => ({ status: 200, body: "hello" });
const ask = (port: number, lines: readonly string[], body = "") =>
  exchange(port, `${[...lines, "Connection: close", "", ""].join("\r\n")}${body}`);

describe("what is refused", () => {
  test("names that are not ours, so that no stranger's name leads here", async () => {
    const port = await serve(hello);
    expect(await ask(port, ["GET / HTTP/1.1", "Host: evil.example"])).toMatch(/^HTTP\/1.1 421 /);
    expect(await ask(port, ["GET / HTTP/1.1", "Host: localhost.evil.example:8025"])).toMatch(
      /^HTTP\/1.1 421 /,
    );
    expect(await ask(port, ["GET / HTTP/1.1"])).toMatch(/^HTTP\/1.1 400 /);
    expect(await ask(port, ["GET / HTTP/1.1", "Host: bm.localhost"])).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(port, ["GET / HTTP/1.1", "Host: [::1]:8025"])).toMatch(/^HTTP\/1.1 200 /);
  });

  test("requests made by pages of other origins, also of other ports of this machine", async () => {
    const port = await serve(hello);
    const host = `Host: localhost:${port}`;
    const refused = /^HTTP\/1.1 403 /;
    expect(await ask(port, ["POST / HTTP/1.1", host, "Origin: http://evil.example"])).toMatch(refused);
    expect(await ask(port, ["POST / HTTP/1.1", host, "Origin: http://localhost:1"])).toMatch(refused);
    expect(await ask(port, ["POST / HTTP/1.1", host, "Origin: null"])).toMatch(refused);
    expect(await ask(port, ["POST / HTTP/1.1", host, "Sec-Fetch-Site: same-site"])).toMatch(refused);
    expect(await ask(port, ["GET / HTTP/1.1", host, "Sec-Fetch-Site: cross-site"])).toMatch(refused);
    const navigation = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    expect(await ask(port, ["GET / HTTP/1.1", host, ...navigation])).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(port, ["POST / HTTP/1.1", host, ...navigation])).toMatch(refused);
    const own = `Origin: http://localhost:${port}`;
    expect(await ask(port, ["POST / HTTP/1.1", host, own, "Sec-Fetch-Site: same-origin"])).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  test("bodies above the limit, whether told beforehand or not; the connection does not hang", async () => {
    const port = await serve(async (request) => ({
      status: 200,
      body: String((await request.body(10)).length),
    }));
    const head = ["POST / HTTP/1.1", "Host: localhost"];
    expect(await ask(port, [...head, "Content-Length: 10"], "0123456789")).toMatch(/200 OK[\s\S]*10$/);
    expect(await ask(port, [...head, "Content-Length: 11"], "0123456789a")).toMatch(/^HTTP\/1.1 413 /);
    const chunked = "6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n";
    expect(await ask(port, [...head, "Transfer-Encoding: chunked"], chunked)).toMatch(/^HTTP\/1.1 413 /);
  });

  test("headers and targets without end", async () => {
    const port = await serve(hello);
    const long = "x".repeat(20_000);
    expect(await ask(port, ["GET / HTTP/1.1", "Host: localhost", `X-Long: ${long}`])).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await ask(port, [`GET /${"x".repeat(5000)} HTTP/1.1`, "Host: localhost"])).toMatch(
      /^HTTP\/1.1 414 /,
    );
    for (const target of ["/a/../b", "/%2e%2e/b", "/a%2fb", "/a%00", "/%ff", "*"]) {
      expect(await ask(port, [`GET ${target} HTTP/1.1`, "Host: localhost"])).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  test("smuggling: two lengths, a length beside chunks", async () => {
    const port = await serve(hello);
    const head = ["POST / HTTP/1.1", "Host: localhost", "Content-Length: 4"];
    expect(await ask(port, [...head, "Content-Length: 5"], "abcde")).toMatch(/^HTTP\/1.1 400 /);
    expect(await ask(port, [...head, "Transfer-Encoding: chunked"], "0\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("slow clients", () => {
  test("a header that never ends, a body that never ends, silence: the server ends it", async () => {
    const port = await serve(async (request) => ({ status: 200, body: await request.body(100) }), {
      headerTime: 200,
      requestTime: 300,
      stallTime: 500,
    });
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: loc")).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(await exchange(port, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab")).toMatch(
      /^(HTTP\/1.1 (408|400) |$)/,
    );
    expect(await exchange(port, "")).not.toMatch(/200/);
  });

  test("a crowd of strangers locks nobody out: the oldest makes room, unless it is being answered", async () => {
    let answer = () => {};
    let handler: HttpHandler = hello;
    const asked = new Promise<void>((heard) => {
      handler = async ({ path }) => {
        if (path === "/slow") {
          heard();
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        }
        return { status: 200, body: `answer to ${path}` };
      };
    });
    const port = await serve((request) => handler(request), { connections: 2 });
    const slow = ask(port, ["GET /slow HTTP/1.1", "Host: localhost"]);
    await asked;
    const silent = open(port);
    const ended = new Promise((resolve) => silent.once("close", resolve));
    silent.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    expect(await ask(port, ["GET / HTTP/1.1", "Host: localhost"])).toContain("answer to /");
    await ended;
    answer();
    expect(await slow).toContain("answer to /slow");
  });

  test("where all are being answered new ones are closed", async () => {
    let answer = () => {};
    let heard = () => {};
    const asked = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const handler: HttpHandler = async () => {
      heard();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { status: 200 };
    };
    const port = await serve(handler, { connections: 1 });
    const first = ask(port, ["GET / HTTP/1.1", "Host: localhost"]);
    await asked;
    expect(await ask(port, ["GET / HTTP/1.1", "Host: localhost"])).toBe("");
    answer();
    expect(await first).toContain("200");
  });
});

describe("answers", () => {
  test("carry the protective headers, and errors do not tell their inside", async () => {
    const port = await serve(({ path }) => {
      if (path === "/bug") throw new Error("secret detail");
      throw new HttpError(409, "no room", { "Retry-After": "5" });
    });
    const refused = await ask(port, ["GET / HTTP/1.1", "Host: localhost"]);
    expect(refused).toMatch(/^HTTP\/1.1 409 Conflict\r\n/);
    expect(refused).toMatch(/Retry-After: 5\r\n/);
    expect(refused).toMatch(/Content-Security-Policy: default-src 'none'/);
    expect(refused).toMatch(/X-Content-Type-Options: nosniff/);
    expect(refused).toMatch(/Cache-Control: no-store/);
    const bug = await ask(port, ["GET /bug HTTP/1.1", "Host: localhost"]);
    expect(bug).toMatch(/^HTTP\/1.1 500 /);
    expect(bug).not.toMatch(/secret/);
  });

  test("a field that would end its line goes nowhere, and the server goes on", async () => {
    const port = await serve(({ path }) => ({
      status: 303,
      headers: { Location: path === "/evil" ? "/\r\nSet-Cookie: x=1" : "/" },
    }));
    expect(await ask(port, ["GET /evil HTTP/1.1", "Host: localhost"])).toBe("");
    expect(await ask(port, ["GET / HTTP/1.1", "Host: localhost"])).toMatch(/^HTTP\/1.1 303 /);
  });

  test("several requests on one connection, HEAD without a body", async () => {
    const port = await serve(({ path, query }) => ({ status: 200, body: `${path} ${query.get("q")};` }));
    const text =
      "GET /a?q=1 HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /b HTTP/1.1\r\nHost: localhost\r\n\r\n" +
      "GET /c?q=3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const answer = await exchange(port, text);
    expect(answer).toMatch(/\/a 1;/);
    expect(answer).not.toMatch(/\/b null;/);
    expect(answer).toMatch(/\/c 3;$/);
  });

  test("stop ends a handler's wait", async () => {
    const server = createHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      handler: () => new Promise(() => {}),
      limits: { stopTime: 50 },
      logger: silentLogger,
    });
    const { port } = await server.start();
    const answer = exchange(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await server.stop();
    expect(await answer).toBe("");
  });
});

describe("TLS", () => {
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-http-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  test("answers who speaks it; who does not, or never finishes the handshake, is cut off", async () => {
    const { key, certificate, authorityFile } = loadServerCertificate(directory, ["localhost"], new Date());
    const server = createHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      tls: { key, cert: certificate },
      handler: ({ protection }) => ({ status: 200, body: protection }),
      limits: { headerTime: 200, stallTime: 400 },
    });
    running.push(server);
    const { port } = await server.start();
    const answer = await new Promise((resolve, reject) => {
      const options = { host: "localhost", port, ca: readFileSync(authorityFile), agent: false };
      get(options, (response) => response.once("data", (chunk) => resolve(String(chunk)))).once(
        "error",
        reject,
      );
    });
    expect(answer).toBe("tls");
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).not.toMatch(/200/);
    expect(await exchange(port, "\x16\x03\x01\x00")).not.toMatch(/200/);
  });
});
