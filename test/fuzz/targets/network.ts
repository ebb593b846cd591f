/** What anybody can send without being a peer: datagrams on the local network, and octets to our HTTP servers. */
import { connect } from "node:net";
import { toldPorts } from "../../../src/bitmessage/node/lan-discovery.js";
import { encodeAddr } from "../../../src/bitmessage/protocol/messages/addr.js";
import { encodePacket } from "../../../src/bitmessage/protocol/packet.js";
import type { HttpRequest, HttpResponse } from "../../../src/http/message.js";
import { createHttpServer, type HttpServer } from "../../../src/http/server.js";
import { silentLogger } from "../../../src/logger.js";
import { createRandom } from "../random.js";
import { type FuzzTarget, latin1, textOf } from "../target.js";
import { mendPackets } from "./protocol.js";

const NOW = 1_700_000_000;

/** With the first octet odd the checksum and the length are mended, and often the time too. */
function hearNeighbour(input: Uint8Array): void {
  const choice = input[0] ?? 0;
  const datagram = input.slice(1);
  if ((choice & 1) === 1) {
    const view = new DataView(datagram.buffer);
    if ((choice & 2) === 2 && datagram.length >= 33) view.setBigUint64(25, BigInt(NOW - choice));
    mendPackets(datagram);
  }
  const ports = toldPorts(datagram, NOW);
  if (ports.size > 4) throw new Error(`${ports.size} ports of one machine`);
  for (const port of ports) if (!(port > 0 && port < 65_536)) throw new Error(`port ${port}`);
}

const datagram = (count: number): Uint8Array => {
  const neighbour = { time: NOW, stream: 1, services: 1n, host: "127.0.0.1" };
  const entries = Array.from({ length: count }, (_, port) => ({ ...neighbour, port }));
  return Uint8Array.of(3, ...encodePacket("addr", encodeAddr(entries)));
};

let served: { readonly server: HttpServer; readonly port: number } | null = null;
let calls = 0;
/** Requests that were handed on, and what was wrong with them. */
let handed = 0;
const wrong: string[] = [];

/** Reads the body where the path says so, and answers with what it was asked. */
async function answer(request: HttpRequest): Promise<HttpResponse> {
  handed += 1;
  const { method, path, segments, host } = request;
  if (!path.startsWith("/") || segments.some((part) => /[\x00-\x1f\x7f/\\]/.test(part)))
    wrong.push(`path ${JSON.stringify(path)}`);
  if (!/^[\w.:[\]-]+$/.test(host) || !/^[A-Z-]+$/.test(method)) wrong.push(`${method} for ${host}`);
  const body = segments[0] === "b" ? await request.body(300) : new Uint8Array(0);
  return { status: 200, headers: { "X-Method": method }, body };
}

async function serve(): Promise<NonNullable<typeof served>> {
  const error = (text: string, fields?: { error?: unknown }) =>
    wrong.push(`${text}: ${(fields?.error as Error | undefined)?.stack ?? ""}`);
  const server = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    names: ["bm.localhost"],
    handler: answer,
    logger: { ...silentLogger, error } as typeof silentLogger,
  });
  return { server, ...(await server.start()) };
}

/** The first octet says how the rest is cut on its way. Whatever comes, the connection ends, and what is answered is HTTP. */
async function callServer(input: Uint8Array): Promise<void> {
  served ??= await serve();
  [handed, wrong.length] = [0, 0];
  const text = textOf(input.subarray(1));
  const output = await exchange(served.port, pieces(input[0] ?? 0, text));
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  const statuses = [...output.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  if (output !== "" && statuses[0] === undefined)
    throw new Error(`answered ${JSON.stringify(output.slice(0, 200))}`);
  if (statuses.includes(500)) throw new Error("an error of its own");
  if (handed > text.split("\n").length) throw new Error("more requests than lines");
}

function pieces(choice: number, text: string): string[] {
  if (choice % 4 !== 0) return [text];
  const random = createRandom(choice);
  const found: string[] = [];
  for (let place = 0; place < text.length; ) {
    const length = 1 + random.below(200);
    found.push(text.slice(place, place + length));
    place += length;
  }
  return found;
}

function exchange(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    calls += 1;
    // From many addresses, or the ports of one would be used up.
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.${1 + (calls % 200)}.1` });
    let output = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error("the connection does not end"));
    }, 5000);
    socket.on("data", (chunk: Buffer) => {
      output += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(output);
    });
    for (const part of parts) socket.write(part, "latin1");
    socket.end();
  });
}

async function closeServer(): Promise<void> {
  const open = served;
  served = null;
  await open?.server.stop();
}

const requests = [
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "POST /b/x?y=z HTTP/1.1\r\nHost: bm.localhost:8445\r\nContent-Length: 5\r\n\r\nhello",
  "POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
  "PUT /b HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 400\r\n\r\n",
  "GET http://localhost/a%20b HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
  "CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\nabc",
  "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nabc",
  "POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
];

export const networkTargets: readonly FuzzTarget[] = [
  {
    name: "lan-discovery",
    seeds: [1, 2, 30].map(datagram),
    words: ["addr"],
    longest: 2048,
    run: hearNeighbour,
  },
  {
    name: "http-octets",
    seeds: requests.flatMap((text) => [latin1(`\x01${text}`), latin1(`\x04${text}`)]),
    words: [
      ...[
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        " HTTP/1.1",
        " HTTP/2.0",
        "Host: localhost\r\n",
        "Host: evil\r\n",
      ],
      ...[
        "Content-Length: 5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
      ],
      ...[
        "ffffffffffffffff\r\n",
        "0\r\n\r\n",
        "%00",
        "%2f",
        "/../",
        "http://",
        "Connection: close\r\n",
        "GET / HTTP/1.1\r\n",
      ],
      ...[
        "Expect: 100-continue\r\n",
        "Origin: null\r\n",
        "Upgrade: h2c\r\n",
        "__proto__: x\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ],
    ],
    patience: 1000,
    run: callServer,
    close: closeServer,
  },
];
