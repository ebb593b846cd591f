import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SmtpError } from "../../../src/mail/smtp/error.js";
import type { SubmissionServer, SubmissionServerOptions } from "../../../src/mail/smtp/server.js";
import { authority, clientCertificate, clientKey } from "./client-certificate.js";
import { MemoryHandler, plain, RawClient, startServer } from "./support.js";
import { testCertificate as certificate, testKey as key } from "./test-certificate.js";

/** Of example.org all are alice's. */
class GatewayHandler extends MemoryHandler {
  async submitterOf(sender: string) {
    if (!sender.endsWith("@example.org")) throw new SmtpError(550, "5.7.1", `${sender} is nobody here`);
    return { name: "alice", server: "trusted" } as const;
  }
}

const open: { server: SubmissionServer; clients: RawClient[] }[] = [];
afterEach(async () => {
  for (const { server, clients } of open.splice(0)) {
    for (const client of clients) client.close();
    await server.stop();
  }
});

async function serve(
  options: Partial<SubmissionServerOptions>,
  handler: MemoryHandler = new GatewayHandler(),
) {
  const { server, port } = await startServer(handler, options);
  const running = { server, clients: [] as RawClient[] };
  open.push(running);
  const begin = async () => {
    const client = await RawClient.connect(port);
    running.clients.push(client);
    return client.begin(null);
  };
  return { handler, port, begin, clients: running.clients };
}

const trust = (...networks: string[]) => ({ trustedServers: { networks, authorities: null } });

describe("a trusted network", () => {
  test("sends without a login, as whoever the sender is", async () => {
    const { handler, begin } = await serve(trust("127.0.0.0/8"));
    const client = await begin();
    expect(await client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^250 /);
    expect(await client.ask("RCPT TO:<BM-somebody@bm.localhost>")).toMatch(/^250 /);
    expect(await client.ask("DATA")).toMatch(/^354 /);
    expect(await client.ask("Subject: x\r\n\r\nx\r\n.")).toMatch(/^250 2\.0\.0/);
    expect(handler.submitted).toMatchObject([{ user: "alice", envelope: { sender: "anna@example.org" } }]);
    expect(await client.ask("MAIL FROM:<eve@elsewhere.example>")).toMatch(/^550 5\.7\.1/);
    expect(await client.ask("MAIL FROM:<>")).toMatch(/^550 5\.7\.1/);
    expect(await client.ask("MAIL FROM:<bert@example.org>")).toMatch(/^250 /);
  });

  test("people there log in as ever, before and after", async () => {
    const { handler, begin } = await serve(trust("127.0.0.1"));
    const client = await begin();
    expect(await client.ask(`AUTH PLAIN ${plain("bob", "wrong")}`)).toMatch(/^535 /);
    expect(await client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^250 /);
    expect(await client.ask("RSET")).toMatch(/^250 /);
    expect(await client.ask(`AUTH PLAIN ${plain("bob", "right")}`)).toMatch(/^235 /);
    expect(await client.ask("MAIL FROM:<bob@bm.localhost>")).toMatch(/^250 /);
    expect(await client.ask("RCPT TO:<a@bm.localhost>")).toMatch(/^250 /);
    await client.ask("DATA");
    await client.ask("Subject: x\r\n\r\nx\r\n.");
    expect(handler.submitted).toMatchObject([{ user: "bob" }]);
  });

  test("anybody else has to log in; so has everybody where nobody is trusted", async () => {
    for (const options of [trust("10.0.0.0/8", "::1", "127.0.0.2"), {}]) {
      const client = await (await serve(options)).begin();
      expect(await client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^530 5\.7\.0/);
      expect(await client.ask("RCPT TO:<a@b>")).toMatch(/^530 /);
    }
  });

  test("is worth nothing to a host that knows no senders", async () => {
    const client = await (await serve(trust("127.0.0.1"), new MemoryHandler())).begin();
    expect(await client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^530 5\.7\.0/);
  });
});

describe("a client certificate", () => {
  const tls = { mode: "implicit", key, cert: certificate } as const;
  const options = { tls, requireTls: true, trustedServers: { networks: [], authorities: authority } };

  async function over(port: number, clients: RawClient[], more: object = {}) {
    const socket: TLSSocket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...more });
    const session = new Promise<Buffer>((resolve) => socket.once("session", resolve));
    const client = RawClient.over(socket);
    clients.push(client);
    return { client: await client.begin(null), session };
  }

  test("of the authority stands for a login; of another, or none, does not", async () => {
    const { port, clients } = await serve(options);
    const good = await over(port, clients, { key: clientKey, cert: clientCertificate });
    expect(await good.client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^250 /);
    for (const more of [{ key, cert: certificate }, {}]) {
      const { client } = await over(port, clients, more);
      expect(await client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^530 5\.7\.0/);
    }
  });

  test("cannot be replaced by a resumed session of somebody without one", async () => {
    const { port, clients } = await serve(options);
    const first = await over(port, clients);
    const session = await first.session;
    const again = await over(port, clients, { session });
    expect(await again.client.ask("MAIL FROM:<anna@example.org>")).toMatch(/^530 5\.7\.0/);
  });
});
