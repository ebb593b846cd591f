import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSmtpTransport, type SmtpTransportOptions } from "../../../src/mail/transports/smtp.js";
import { outbound, type Script, type ScriptedServer, scriptedServer } from "./servers.js";

const open: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(script: Script = {}, path?: string): Promise<ScriptedServer> {
  const server = await scriptedServer(script, path);
  open.push(server);
  return server;
}

function transportTo(
  { host, port }: { host: string; port: number },
  changes: Partial<SmtpTransportOptions> = {},
) {
  return createSmtpTransport({
    protocol: "smtp",
    server: { host, port, tls: "off", authorities: null },
    login: null,
    name: "bridge.test",
    sender: "",
    connectTimeout: 2000,
    replyTimeout: 2000,
    ...changes,
  });
}

const never = new AbortController().signal;

async function refusalOf(script: Script, changes: Partial<SmtpTransportOptions> = {}) {
  const transport = transportTo(await serve(script), changes);
  return transport.deliver(outbound(), never).then(
    () => "taken",
    (error) => ({
      lasting: error.lasting,
      about: error.about,
      status: error.status,
      text: error.message,
    }),
  );
}

describe("SMTP", () => {
  test("the mail arrives octet for octet, with the null sender", async () => {
    const server = await serve();
    await transportTo(server).deliver(outbound(), never);
    expect(server.heard.slice(0, 3)).toEqual([
      "EHLO bridge.test",
      "MAIL FROM:<>",
      "RCPT TO:<anna@example.org>",
    ]);
    expect(server.mails).toEqual([Buffer.from(outbound().bytes).toString("latin1")]);
  });

  test("each mail's own sender, octets above 127 announced", async () => {
    const server = await serve();
    const bytes = new Uint8Array(Buffer.from("Subject: x\r\n\r\n\xe4\r\n", "latin1"));
    await transportTo(server, { sender: null }).deliver(outbound({ bytes }), never);
    expect(server.heard[1]).toBe("MAIL FROM:<bob@bm.localhost> BODY=8BITMIME");
    expect(server.mails).toEqual(["Subject: x\r\n\r\n\xe4\r\n"]);
  });

  test("who reports: the server where it can, else nobody", async () => {
    const notification = { ret: "HDRS", envid: "e1", notify: ["SUCCESS"], orcpt: null } as const;
    const able = await serve({ EHLO: "250-here\r\n250 DSN" });
    const mail = outbound({ notification });
    expect(await transportTo(able).deliver(mail, never)).toEqual({ reports: "target" });
    expect(able.heard[1]).toBe("MAIL FROM:<> RET=HDRS ENVID=e1");
    expect(able.heard[2]).toMatch(/^RCPT TO:<anna@example\.org> NOTIFY=SUCCESS/);
    expect(await transportTo(await serve()).deliver(mail, never)).toEqual({ reports: "nobody" });
  });

  test("a refusal for now is temporary and about that mail; for ever, permanent", async () => {
    for (const verb of ["MAIL", "RCPT", "END"]) {
      expect(await refusalOf({ [verb]: "451 4.2.0 later" })).toMatchObject({
        lasting: "temporary",
        about: "mail",
        status: "4.2.0",
        text: "451 4.2.0 later",
      });
      expect(await refusalOf({ [verb]: "550 5.1.1 nobody" })).toMatchObject({
        lasting: "permanent",
        about: "mail",
        status: "5.1.1",
      });
    }
    expect(await refusalOf({ DATA: "554 5.7.1 no" })).toMatchObject({ lasting: "permanent", about: "mail" });
  });

  test("a server that is away, ill or shuts down is temporary and about the target", async () => {
    for (const script of [
      { CONNECT: "421 4.3.2 shutting down" },
      { CONNECT: "554 go away" },
      { CONNECT: "close" },
      { EHLO: "close" },
      { RCPT: "421 4.3.2 shutting down" },
      { END: "close" },
    ]) {
      expect({ script, refusal: await refusalOf(script) }).toMatchObject({
        refusal: { lasting: "temporary", about: "target" },
      });
    }
    const gone = await serve();
    await gone.close();
    await expect(transportTo(gone).deliver(outbound(), never)).rejects.toMatchObject({
      lasting: "temporary",
      about: "target",
    });
  });

  test("a server that says nothing is left after its time", async () => {
    const quick = { connectTimeout: 50, replyTimeout: 50 };
    for (const script of [{ CONNECT: "silence" }, { EHLO: "silence" }, { END: "silence" }])
      expect(await refusalOf(script, quick)).toMatchObject({ lasting: "temporary", about: "target" });
  });

  test("a wrong password gives no mail up, and is not in the error", async () => {
    const login = { username: "anna", password: () => "very secret" };
    const script = { EHLO: "250-here\r\n250 AUTH PLAIN", AUTH: "535 5.7.8 wrong" };
    const refusal = await refusalOf(script, { login });
    expect(refusal).toMatchObject({ lasting: "temporary", about: "target", status: "5.7.8" });
    const encoded = Buffer.from("\0anna\0very secret").toString("base64");
    expect(JSON.stringify(refusal)).not.toMatch(new RegExp(`very secret|${encoded}`));
  });

  test("no password over a connection that TLS was wanted for", async () => {
    const server = await serve({ EHLO: "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN", STARTTLS: "454 no" });
    const transport = transportTo(server, {
      server: { host: server.host, port: server.port, tls: "starttls", authorities: null },
      login: { username: "anna", password: () => "secret" },
    });
    await expect(transport.deliver(outbound(), never)).rejects.toMatchObject({ about: "target" });
    expect(server.heard.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([]);
  });

  test("addresses and subjects cannot add commands", async () => {
    const server = await serve();
    const mail = outbound({ recipient: "anna@example.org>\r\nRCPT TO:<evil@example.org" });
    await expect(transportTo(server).deliver(mail, never)).rejects.toMatchObject({ lasting: "permanent" });
    expect(server.heard.join(" ")).not.toMatch(/evil/);
  });

  test("a mail cannot end itself and go on with commands", async () => {
    const server = await serve();
    const text = "Subject: x\r\n\r\na\n.\nMAIL FROM:<>\n.\r\nRCPT TO:<x@y>\r\n.\r\nQUIT\r\n";
    await transportTo(server).deliver(outbound({ bytes: new Uint8Array(Buffer.from(text)) }), never);
    expect(server.heard.slice(0, 4)).toEqual([
      "EHLO bridge.test",
      "MAIL FROM:<>",
      "RCPT TO:<anna@example.org>",
      "DATA",
    ]);
    expect(server.heard.slice(4).join()).toMatch(/^(QUIT)?$/);
    expect(server.mails.map((mail) => mail.replaceAll("\r\n", "\n"))).toEqual([
      text.replaceAll("\r\n", "\n"),
    ]);
  });

  test("a stop ends it soon", async () => {
    const server = await serve({ END: "silence" });
    const stop = new AbortController();
    const delivery = transportTo(server, { replyTimeout: 60_000 }).deliver(outbound(), stop.signal);
    const ended = expect(delivery).rejects.toMatchObject({ lasting: "temporary" });
    while (server.mails.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await ended;
  });

  test("one that was given before is obeyed, too", async () => {
    const stop = new AbortController();
    stop.abort();
    const server = await serve();
    await expect(transportTo(server).deliver(outbound(), stop.signal)).rejects.toMatchObject({
      lasting: "temporary",
    });
  });

  test("a server that answers with nonsense is no crash", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("\0\xff\r\n250\r\n999 x\r\n".repeat(100));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await expect(transportTo({ host: "127.0.0.1", port }).deliver(outbound(), never)).rejects.toMatchObject({
      name: "TransportError",
      about: "target",
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("LMTP", () => {
  const lmtp = { protocol: "lmtp" } as const;

  test("says LHLO, also on a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lmtp-"));
    const path = join(folder, "socket");
    const server = await serve({}, path);
    await transportTo(server, { ...lmtp, server: { path } }).deliver(outbound(), never);
    expect(server.heard[0]).toBe("LHLO bridge.test");
    expect(server.mails).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });

  test("a socket that is not there is temporary", async () => {
    const transport = transportTo({ host: "", port: 0 }, { ...lmtp, server: { path: "/nowhere/lmtp" } });
    await expect(transport.deliver(outbound(), never)).rejects.toMatchObject({
      lasting: "temporary",
      about: "target",
    });
  });

  test("what is refused after the mail was sent is refused", async () => {
    expect(await refusalOf({ END: "552 5.2.2 full" }, lmtp)).toMatchObject({
      lasting: "permanent",
      about: "mail",
      status: "5.2.2",
    });
    expect(await refusalOf({ END: "452 4.2.2 full" }, lmtp)).toMatchObject({
      lasting: "temporary",
      about: "mail",
    });
  });
});
