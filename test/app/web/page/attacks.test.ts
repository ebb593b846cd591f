/** Attacks on the page that need no browser; SECURITY.md lists them. Those by pages of other sites are in test/e2e/web-page-attacks.test.ts. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoPage, startDemoPage } from "../../../support/web-page/demo-page.js";

let demo: DemoPage;
let port: number;
beforeAll(async () => {
  demo = await startDemoPage();
  port = Number(new URL(demo.url).port);
});
afterAll(() => demo.stop());

/** Sends octets as they are and reads until the server closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    socket.write(text, "latin1");
  });
}

const ask = (head: readonly string[], body = "") =>
  raw(`${[...head, "Connection: close", "", ""].join("\r\n")}${body}`);

/** A cookie of somebody who is logged in, and the token of the forms. */
async function login(): Promise<{ readonly cookie: string; readonly token: string }> {
  const form =
    /name="token" value="([^"]+)"/.exec(await (await fetch(`${demo.url}/login`)).text())?.[1] ?? "";
  const body = new URLSearchParams({ user: "anna", password: "demo", token: form });
  const answer = await fetch(`${demo.url}/login`, { method: "POST", body, redirect: "manual" });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const page = await (await fetch(`${demo.url}/contacts`, { headers: { cookie } })).text();
  return { cookie, token: /name="token" value="([^"]+)"/.exec(page)?.[1] ?? "" };
}

describe("a stranger's name that is made to lead here (DNS rebinding)", () => {
  test.each([
    "evil.example",
    `evil.example:8025`,
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example#localhost",
    "localhost\\@evil",
    "0x7f.1",
  ])("Host: %s", async (host) => {
    const { cookie } = await login();
    const answer = await ask(["GET / HTTP/1.1", `Host: ${host}`, `Cookie: ${cookie}`]);
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|21) /);
    expect(answer).not.toContain("BM-");
  });

  test("two names, or a name in the target that is not the one of the header", async () => {
    expect(await ask(["GET / HTTP/1.1", "Host: localhost", "Host: evil.example"])).toMatch(
      /^HTTP\/1\.1 (400|421) /,
    );
    const absolute = await ask(["GET http://evil.example/login HTTP/1.1", `Host: localhost:${port}`]);
    expect(absolute).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe("requests that a page of another site makes", () => {
  test.each([
    [
      "a form",
      {
        origin: "http://evil.example",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
      },
    ],
    [
      "a form of another port of localhost",
      {
        origin: "http://localhost:1",
        "sec-fetch-site": "same-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
      },
    ],
    ["a sandboxed frame", { origin: "null" }],
    [
      "fetch",
      {
        origin: "http://evil.example",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
      },
    ],
    ["an extension of a name", { origin: `http://localhost:${1}0` }],
  ] as const)("%s, even with cookie and token", async (_name, headers) => {
    const { cookie, token } = await login();
    const body = new URLSearchParams({ token, name: "send.ttl", value: "3600" });
    const answer = await fetch(`${demo.url}/settings/change`, {
      method: "POST",
      body,
      redirect: "manual",
      headers: { cookie, ...headers },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test.each(["image", "script", "style", "iframe", "object", "video"])(
    "what is embedded as %s",
    async (destination) => {
      const { cookie } = await login();
      const headers = {
        cookie,
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "no-cors",
        "sec-fetch-dest": destination,
      };
      for (const path of ["/", "/assets/style.css", "/setup/mutt", "/language?to=de"])
        expect((await fetch(demo.url + path, { headers, redirect: "manual" })).status).toBe(403);
    },
  );

  test("methods that change something under another name", async () => {
    const { cookie, token } = await login();
    for (const method of ["PUT", "DELETE", "PATCH"])
      expect(
        (await fetch(`${demo.url}/settings/change?token=${token}`, { method, headers: { cookie } })).status,
      ).toBe(405);
    const headers = {
      cookie,
      "x-http-method-override": "POST",
      "content-type": "application/x-www-form-urlencoded",
    };
    expect(
      (await fetch(`${demo.url}/settings/change?token=${token}&name=send.ttl`, { headers })).status,
    ).toBe(404);
  });
});

test("nothing is kept by a cache, told to another site, or framed", async () => {
  const { cookie } = await login();
  for (const path of ["/", "/identities", "/setup/mutt", "/log", "/nowhere", "/login"]) {
    const { headers } = await fetch(demo.url + path, { headers: { cookie }, redirect: "manual" });
    expect([path, headers.get("cache-control")]).toEqual([path, "no-store"]);
    expect([path, headers.get("referrer-policy")]).toEqual([path, "same-origin"]);
    expect([path, headers.get("x-frame-options")]).toEqual([path, "DENY"]);
    expect(headers.get("content-security-policy")).toMatch(/frame-ancestors 'none'/);
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  }
});

test("policy: no script or style of the page's own text, nothing from elsewhere, no form to elsewhere", async () => {
  const { cookie } = await login();
  const policy =
    (await fetch(`${demo.url}/`, { headers: { cookie } })).headers.get("content-security-policy") ?? "";
  expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
  for (const part of ["default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'"])
    expect(policy).toContain(part);
});

test("a link that leads elsewhere (open redirect), also in many shapes", async () => {
  for (const back of [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/%2f/evil.example",
    "javascript:alert(1)",
    "/login?x=//evil",
    "\thttps://evil.example",
    "/\t/evil.example",
  ]) {
    const answer = await fetch(`${demo.url}/language?to=de&back=${encodeURIComponent(back)}`, {
      redirect: "manual",
    });
    expect([back, answer.headers.get("location")]).toEqual([back, "/"]);
  }
  const { cookie, token } = await login();
  const body = new URLSearchParams({ token, name: "send.ttl", value: "3600", show: "//evil.example" });
  const answer = await fetch(`${demo.url}/settings/change`, {
    method: "POST",
    body,
    redirect: "manual",
    headers: { cookie },
  });
  expect(answer.headers.get("location")).toBe("/settings");
});

test("answers cannot be split by what a request says", async () => {
  const { cookie, token } = await login();
  for (const path of [
    "/language?to=de%0d%0aSet-Cookie:%20a=b&back=/",
    "/setup/mutt%0d%0aX-Evil:%201",
    `/settings?show=%0d%0aX-Evil:%201`,
  ]) {
    const answer = await ask([`GET ${path} HTTP/1.1`, "Host: localhost", `Cookie: ${cookie}`]);
    expect(answer.split("\r\n\r\n")[0]).not.toMatch(/^(x-evil|set-cookie: a=b)/im);
  }
  const body = `token=${encodeURIComponent(token)}&name=send.ttl%0d%0aX-Evil: 1&value=1`;
  const head = [
    "POST /settings/change HTTP/1.1",
    "Host: localhost",
    `Cookie: ${cookie}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
  ];
  expect(await ask(head, body)).not.toMatch(/^x-evil/im);
});

describe("two requests in one (smuggling)", () => {
  const second = "GET /log HTTP/1.1\r\nHost: localhost\r\n\r\n";
  test.each([
    ["a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${second}`],
    ["chunks, hidden by a blank", ["Transfer-Encoding : chunked", "Content-Length: 3"], `0\r\n\r\n${second}`],
    ["chunks of another name", ["Transfer-Encoding: xchunked"], `0\r\n\r\n${second}`],
    ["two lengths", ["Content-Length: 0", "Content-Length: 40"], second],
    ["a length that is no number", ["Content-Length: +5"], second],
    ["a folded header", ["X: a\r\n Content-Length: 5"], second],
    ["a bare line feed", ["X: a\nContent-Length: 5"], second],
    ["a chunk with more than its size", ["Transfer-Encoding: chunked"], `1\r\nab\r\n0\r\n\r\n${second}`],
  ])("%s: the second is not answered, and the connection ends", async (_name, headers, body) => {
    const answer = await raw(
      `${["POST /login HTTP/1.1", "Host: localhost", ...headers, "", ""].join("\r\n")}${body}`,
    );
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
    expect(statuses.filter((status) => status !== "400" && status !== "415")).toEqual([]);
    expect(statuses.length).toBeLessThanOrEqual(2);
  });
});

test("bodies beyond all measure are not read, and cost no more than their limit", async () => {
  const { cookie } = await login();
  const head = [
    "POST /settings/change HTTP/1.1",
    "Host: localhost",
    `Cookie: ${cookie}`,
    "Content-Type: application/x-www-form-urlencoded",
  ];
  expect(await ask([...head, "Content-Length: 99999999999"])).toMatch(/^HTTP\/1\.1 413 /);
  const many = new URLSearchParams("x=1&".repeat(5000));
  const answer = await fetch(`${demo.url}/settings/change`, {
    method: "POST",
    body: many,
    headers: { cookie },
    redirect: "manual",
  });
  expect([403, 413]).toContain(answer.status);
});
