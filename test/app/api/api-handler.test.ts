import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createApiHandler } from "../../../src/app/api/api-handler.js";
import { ServerFault, type Variant } from "../../../src/app/api/dispatcher.js";
import { ApiError } from "../../../src/app/api/errors.js";
import type { RpcCall, RpcValue } from "../../../src/app/api/values.js";
import { createHttpServer, type HttpServer } from "../../../src/http/server.js";
import { type Credentials, LoginRefused } from "../../../src/mail/sasl.js";

const servers: HttpServer[] = [];
let failures: string[];
let loginName: string;
let calls: RpcCall[];
let password: string;

beforeEach(() => {
  failures = [];
  loginName = "anna";
  calls = [];
  password = "geheim:wort";
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const ANSWERS: Readonly<Record<string, () => RpcValue>> = {
  none: () => null,
  text: () => "a <b>",
  number: () => 5,
  list: () => ({ addresses: [] }),
  fault() {
    throw new ServerFault("odd");
  },
};

async function start(variant: Variant): Promise<string> {
  const server = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createApiHandler({
      variant,
      username: "bot",
      password: () => password,
      user: () => loginName,
      logins: {
        async authenticate({ username, password: given }: Credentials) {
          if (username === "locked") throw new LoginRefused(900);
          const appPassword = given === "app" ? { appPassword: "bot" } : {};
          return ["app", "own"].includes(given) ? { name: username, ...appPassword } : null;
        },
        async guarded(username, _origin, check) {
          const result = await check();
          if (result === null) failures.push(username);
          return result;
        },
      },
      dispatcher: {
        async call(call) {
          calls.push(call);
          const answer = ANSWERS[call.method];
          if (answer === undefined) throw new ApiError(20, `Invalid method: ${call.method}`);
          return answer();
        },
      },
    }),
  });
  servers.push(server);
  const { port } = await server.start();
  return `http://127.0.0.1:${port}`;
}

function authorization(user = "bot", secret = password): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}` };
}

function post(url: string, body: string, headers: Record<string, string> = authorization()) {
  return fetch(url, { method: "POST", body, headers });
}

const xmlCall = (method: string) => `<methodCall><methodName>${method}</methodName></methodCall>`;

describe("who may call", () => {
  test("nobody without the name and the password, whatever they ask", async () => {
    const url = await start("xml");
    const wrong = [{}, authorization("bot", "x"), authorization("Bot"), { Authorization: "Basic !" }];
    for (const headers of wrong) {
      const response = await post(url, xmlCall("text"), headers as Record<string, string>);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([
        401,
        expect.stringContaining("Basic"),
      ]);
    }
    expect(calls).toEqual([]);
    expect((await post(url, xmlCall("text"))).status).toBe(200);
  });

  test("wrong passwords count, and too many are told apart from wrong ones", async () => {
    const url = await start("xml");
    for (let count = 0; count < 2; count++) await post(url, xmlCall("text"), authorization("bot", "x"));
    expect(failures).toEqual(["api/bot", "api/bot"]);
    const refused = await post(url, xmlCall("text"), authorization("locked", "x"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
  });

  test("an app password of the login that it is about is enough; its own password, or another login, is not", async () => {
    const url = await start("xml");
    const status = async (name: string, secret: string) =>
      (await post(url, xmlCall("text"), authorization(name, secret))).status;
    expect(await status("anna", "app")).toBe(200);
    expect(await status("anna", "own")).toBe(401);
    expect(await status("berta", "app")).toBe(401);
  });

  test("where the login has the name of the settings, both passwords are taken", async () => {
    loginName = "bot";
    const url = await start("xml");
    for (const [secret, status] of [
      [password, 200],
      ["app", 200],
      ["own", 401],
      ["x", 401],
    ] as const)
      expect((await post(url, xmlCall("text"), authorization("bot", secret))).status).toBe(status);
    // Those count at the login.
    expect(failures).toEqual([]);
  });

  test("a changed password holds at once", async () => {
    const url = await start("xml");
    const before = authorization();
    password = "new";
    expect((await post(url, xmlCall("text"), before)).status).toBe(401);
    expect((await post(url, xmlCall("text"))).status).toBe(200);
  });

  test("no page of another site, even with the password", async () => {
    const url = await start("xml");
    const origins = [{ Origin: "http://evil.example" }, { Origin: "null" }, { Origin: "http://127.0.0.1:1" }];
    for (const origin of origins)
      expect((await post(url, xmlCall("text"), { ...authorization(), ...origin })).status).toBe(403);
    expect(calls).toEqual([]);
  });

  test("nothing but calls of a sensible size", async () => {
    const url = await start("xml");
    expect((await fetch(url, { headers: authorization() })).status).toBe(405);
    expect((await post(`${url}/other`, xmlCall("text"))).status).toBe(404);
    expect((await post(`${url}/RPC2`, xmlCall("text"))).status).toBe(200);
    const large = await post(url, "x".repeat(2 * 1024 * 1024 + 1)).catch(() => null);
    expect(large === null ? 413 : large.status).toBe(413);
    expect(calls).toHaveLength(1);
  });
});

describe("answers", () => {
  const ask = async (url: string, body: string) => (await post(url, body)).text();

  test("XML-RPC", async () => {
    const url = await start("xml");
    expect(await ask(url, xmlCall("text"))).toContain("<string>a &lt;b&gt;</string>");
    expect(await ask(url, xmlCall("none"))).toContain("<nil/>");
    expect(await ask(url, xmlCall("nothing"))).toMatch(/<fault>.*<int>20<.*Invalid method: nothing/);
    expect(await ask(url, xmlCall("fault"))).toMatch(/<fault>.*<int>1<.*odd/);
    expect(await ask(url, "<html>")).toMatch(/<fault>.*<int>1</);
    expect(await ask(url, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')).toMatch(/<fault>/);
  });

  test("the legacy variant: errors and all but texts and integers are texts", async () => {
    const url = await start("legacy");
    expect(await ask(url, xmlCall("text"))).toContain("<string>a &lt;b&gt;</string>");
    expect(await ask(url, xmlCall("number"))).toContain("<int>5</int>");
    expect(await ask(url, xmlCall("none"))).toContain("<string>null</string>");
    expect(await ask(url, xmlCall("list"))).toContain('<string>{\n    "addresses": []\n}</string>');
    expect(await ask(url, xmlCall("nothing"))).toContain(
      "<string>API Error 0020: Invalid method: nothing</string>",
    );
  });

  test("JSON-RPC, single and in batches", async () => {
    const url = await start("json");
    const json = async (value: unknown) => JSON.parse(await ask(url, JSON.stringify(value)));
    expect(await json({ jsonrpc: "2.0", method: "list", id: 1 })).toEqual({
      jsonrpc: "2.0",
      result: { addresses: [] },
      id: 1,
    });
    expect(await json({ jsonrpc: "2.0", method: "nothing", id: 1 })).toMatchObject({
      error: { code: -32603, data: { code: 20 } },
    });
    const batch = [
      { jsonrpc: "2.0", method: "text", id: 1 },
      { jsonrpc: "2.0", method: "number" },
      7,
      { method: "number", id: 2 },
    ];
    expect(await json(batch)).toEqual([
      { jsonrpc: "2.0", result: "a <b>", id: 1 },
      { jsonrpc: "2.0", error: { code: -32600, message: "a call is an object" }, id: null },
      { result: 5, error: null, id: 2 },
    ]);
    expect(await json("nonsense")).toMatchObject({ error: { code: -32600 } });
    expect(JSON.parse(await ask(url, "{"))).toMatchObject({ error: { code: -32700 } });
    expect(await ask(url, JSON.stringify({ jsonrpc: "2.0", method: "text" }))).toBe("");
  });
});
