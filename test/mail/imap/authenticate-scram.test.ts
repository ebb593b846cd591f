import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";
import { TestClient } from "./transcript.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const encode = (text: string): string => Buffer.from(text).toString("base64");
const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

interface Exchange {
  readonly serverFirst: string;
  /** Everything after the proof, to the tagged response. */
  readonly lines: readonly string[];
  /** What the server has to say to show that it knows the password. */
  readonly expected: string;
}

/** A client of its own, by RFC 5802. */
async function scram(
  client: TestClient,
  name: string,
  password: string,
  initial: "initial-response" | "no-initial-response",
): Promise<Exchange> {
  const bare = `n=${name},r=fyko+d2lbbFgONRv9qkxdawL`;
  if (initial === "initial-response")
    client.write(`a1 AUTHENTICATE SCRAM-SHA-256 ${encode(`n,,${bare}`)}\r\n`);
  else {
    client.write("a1 authenticate scram-sha-256\r\n");
    expect(await client.line()).toBe("+ ");
    client.write(`${encode(`n,,${bare}`)}\r\n`);
  }
  const challenge = (await client.line())!;
  const serverFirst = Buffer.from(challenge.slice(2), "base64").toString();
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!;
  expect(nonce!.startsWith("fyko+d2lbbFgONRv9qkxdawL")).toBe(true);
  const salted = pbkdf2Sync(password, Buffer.from(salt!, "base64"), Number(iterations), 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const stored = createHash("sha256").update(clientKey).digest();
  const authMessage = `${bare},${serverFirst},c=biws,r=${nonce}`;
  const signature = hmac(stored, authMessage);
  const proof = Buffer.from(clientKey.map((octet, index) => octet ^ signature[index]!)).toString("base64");
  client.write(`${encode(`c=biws,r=${nonce},p=${proof}`)}\r\n`);
  const lines: string[] = [];
  for (;;) {
    const line = (await client.line())!;
    lines.push(line);
    if (line.startsWith("+ ")) client.write("\r\n");
    if (line.startsWith("a1 ")) break;
  }
  return {
    serverFirst,
    lines,
    expected: `v=${hmac(hmac(salted, "Server Key"), authMessage).toString("base64")}`,
  };
}

async function greeted(): Promise<TestClient> {
  const client = await TestClient.connect(server.port);
  await client.line();
  return client;
}

describe("AUTHENTICATE SCRAM-SHA-256", () => {
  test("wrong uses", () =>
    server.play(`
      S: * OK [CAPABILITY *
      C: a1 AUTHENTICATE SCRAM-SHA-1
      S: a1 NO That mechanism is not offered.
      C: a2 AUTHENTICATE SCRAM-SHA-256
      S: + 
      C: *
      S: a2 BAD Authentication was cancelled.
      C: a3 AUTHENTICATE SCRAM-SHA-256 !
      S: a3 BAD That is not base64.
      C: a4 AUTHENTICATE SCRAM-SHA-256 ${encode("p=tls-unique,,n=alice,r=abc")}
      S: a4 BAD *
      C: a5 AUTHENTICATE SCRAM-SHA-256 ${encode("n,a=bob,n=alice,r=abc")}
      S: a5 NO [AUTHORIZATIONFAILED] *
      C: a6 AUTHENTICATE SCRAM-SHA-256 ${encode("n,,n=alice,r=abc")}
      S: + *
      C: ${encode("c=biws,r=abc,p=")}
      S: a6 BAD *
      C: a7 AUTHENTICATE SCRAM-SHA-256 ${encode("n,,n=alice,r=abc")}
      S: + *
      C: ${encode(`c=biws,r=abc,p=${"A".repeat(43)}=`)}
      S: a7 NO [AUTHENTICATIONFAILED] *
      C: a8 NOOP
      S: a8 OK *
    `));

  test("a wrong password and an unknown user look the same, each time", async () => {
    const salts = new Set<string>();
    for (const [name, password] of [
      ["alice", "wrong"],
      ["nobody", "secret"],
      ["nobody", "wrong"],
    ] as const) {
      const client = await greeted();
      const { serverFirst, lines } = await scram(client, name, password, "initial-response");
      expect(lines).toEqual(["a1 NO [AUTHENTICATIONFAILED] The user name or the password is wrong."]);
      salts.add(serverFirst.replace(/^r=[^,]+/, ""));
      client.close();
    }
    expect(salts.size).toBe(2);
  });

  test.each(["initial-response", "no-initial-response"] as const)(
    "the server shows that it knows the password, too: %s",
    async (initial) => {
      const client = await greeted();
      const { lines, expected } = await scram(client, "alice", "secret", initial);
      expect(Buffer.from(lines[0]!.slice(2), "base64").toString()).toBe(expected);
      expect(lines[1]).toMatch(/^a1 OK \[CAPABILITY IMAP4rev1 /);
      expect(await client.command("a2 SELECT INBOX")).toContain("* 0 EXISTS");
      client.close();
    },
  );

  test("is not offered before TLS where that is required, nor by a host that has no keys", async () => {
    await server.stop();
    server = await startTestServer({ requireTls: true });
    await server.play(`
      S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE LOGINDISABLED IDLE] Ready.
      C: a1 AUTHENTICATE SCRAM-SHA-256 ${encode("n,,n=alice,r=abc")}
      S: a1 NO [PRIVACYREQUIRED] *
    `);
    await server.stop();
    const nothing = (): never => {
      throw new Error("nobody logs in");
    };
    server = await startTestServer({ backend: { authenticate: nothing, openUser: nothing } });
    await server.play(`
      S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR AUTH=PLAIN IDLE] Ready.
      C: a1 AUTHENTICATE SCRAM-SHA-256 ${encode("n,,n=alice,r=abc")}
      S: a1 NO That mechanism is not offered.
    `);
  });
});
