import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CommandError, type ControlMethods } from "../../../../src/app/control/messages.js";
import { createPageHandler } from "../../../../src/app/web/page/page-handler.js";
import { Sessions } from "../../../../src/app/web/page/sessions.js";
import type { SettingRow } from "../../../../src/app/web/shown-settings.js";
import { LoginSessions } from "../../../../src/gateway/logins/login-sessions.js";
import { createHttpServer, type HttpServer } from "../../../../src/http/server.js";
import { LoginRefused } from "../../../../src/mail/sasl.js";

const EVIL = `"><script>alert('x')</script>`;
const ADDRESS = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";

const SETTING: SettingRow = {
  section: "send",
  key: "ttl",
  value: EVIL,
  preset: "1",
  origin: "file",
  next: EVIL,
  text: EVIL,
  input: { kind: "text", choices: null, value: EVIL },
};

let trouble: unknown;
let keys: string;
let localUser: number | null;
let server: HttpServer;
let base: string;
let attempts: string[];
let logins: LoginSessions;
let calls: { method: string; params: Record<string, unknown> }[];

beforeEach(async () => {
  attempts = [];
  logins = new LoginSessions();
  calls = [];
  trouble = null;
  keys = "plain";
  localUser = null;
  const passwords = new Map([
    ["anna", "secret"],
    ["bert", "secret"],
  ]);
  const sessions = new Sessions({ begun: (user, end) => logins.begin(user, end), now: Date.now });
  server = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createPageHandler({
      methods: fakeMethods(passwords),
      authenticator: {
        async authenticate({ username, password, service }) {
          attempts.push(`${service} ${username}`);
          if (username === "locked") throw new LoginRefused(900);
          if (password === "of a program" && passwords.has(username))
            return { name: username, appPassword: "a1" };
          return passwords.get(username) === password ? { name: username } : null;
        },
      },
      sessions,
      localUserOf: async () => localUser,
      surroundings: () => ({
        domain: "bm.localhost",
        samples: { add: () => {}, since: () => [], removeBefore: () => {} },
        now: 1_700_000_000,
      }),
      owner: {
        logLines: (least) => [{ level: least, text: `a line ${EVIL}` }],
        logLevel: () => "info",
        settings: () => ({ file: EVIL, problem: EVIL, rows: [SETTING] }),
        change(name, text) {
          calls.push({ method: "change", params: { name, text } });
          if (text === "refuse") throw new CommandError(`no: ${EVIL}`);
          return name === "log.level" ? "now" : "restart";
        },
      },
      isOwner: (user) => user === "anna",
    }),
  });
  const { port } = await server.start();
  base = `http://127.0.0.1:${port}`;
});
afterEach(() => server.stop());

function fakeMethods(passwords: Map<string, string>): ControlMethods {
  const answers: Record<string, unknown> = {
    "identity.list": [{ address: ADDRESS, label: EVIL, enabled: true, chan: false }],
    "app-password.list": [
      {
        label: EVIL,
        services: ["imap"],
        created: 1,
        last_used: 2,
        last_service: "imap",
        last_address: EVIL,
      },
    ],
    "contact.list": [{ address: ADDRESS, label: EVIL, blocked: false }],
    "subscription.list": [{ address: ADDRESS, label: EVIL }],
    "queue.list": [
      {
        id: "q1",
        from: ADDRESS,
        to: ADDRESS,
        subject: EVIL,
        state: "proof-of-work",
        created: 1,
        changed: 2,
        expires: null,
        attempts: 0,
        progress: 0.5,
      },
    ],
    "queue.show": {
      id: "q1",
      from: ADDRESS,
      to: ADDRESS,
      subject: EVIL,
      state: "proof-of-work",
      created: 1,
      changed: 2,
      expires: null,
      attempts: 0,
      progress: 0.5,
      expected_trials: 6e7,
      kind: "msg",
    },
    "client.settings": {
      user: EVIL,
      domain: "bm.localhost",
      identities: [{ label: EVIL, mail_address: EVIL }],
      imap: { host: EVIL, port: 1143, security: "off" },
      smtp: null,
      web: "http://localhost:8025/",
      autoconfig: true,
      authority_file: null,
      file: { name: "muttrc", type: "text/plain; charset=utf-8", text: EVIL },
    },
    status: {
      peers: [{ address: EVIL, inbound: true, tls: true, user_agent: EVIL, services: 1, since: 1 }],
      inventory: { objects: 5, bytes: 1000 },
      queue: {},
      pow: { engine: "wasm", threads: 1, trials_per_second: 1e6, working: true },
      traffic: { bytes_received: 0, bytes_sent: 0, objects_received: 0, objects_sent: 0, objects_pending: 7 },
      mail: { users: 1, messages: 0 },
      uptime_seconds: 5,
    },
  };
  const known = Object.entries(answers).map(([name, answer]) => [name, () => answer] as const);
  const status = () => ({ ...(answers["status"] as object), trouble, keys });
  const recorded = [
    "keys.unlock",
    "app-password.revoke",
    "identity.create",
    "contact.add",
    "contact.remove",
    "chan.join",
    "queue.retry",
  ].map(
    (method) =>
      [
        method,
        (params: Readonly<Record<string, unknown>>) => {
          calls.push({ method, params });
          if (params["label"] === "refuse") throw new CommandError(`no: ${EVIL}`);
        },
      ] as const,
  );
  const addAppPassword = (params: Readonly<Record<string, unknown>>) => {
    calls.push({ method: "app-password.add", params });
    return { label: params["label"], password: "abcde-fghjk" };
  };
  const passwd = ({ name, password }: Readonly<Record<string, unknown>>) => {
    passwords.set(String(name), String(password));
    logins.endOfPassword(String(name));
  };
  return Object.fromEntries([
    ...known,
    ["status", status] as const,
    ...recorded,
    ["user.passwd", passwd] as const,
    ["app-password.add", addAppPassword] as const,
  ]);
}

interface Browser {
  cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** The token of the forms on a page. */
  token(path: string): Promise<string>;
}

function browser(): Browser {
  const cookies = new Map<string, string>();
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(init.headers as Record<string, string>), ...(cookie === "" ? {} : { cookie }) };
    const response = await fetch(base + path, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  const self: Browser = {
    cookies,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, fields, headers = {}) =>
      ask(path, { method: "POST", body: new URLSearchParams(fields), headers }),
    async token(path) {
      return /name="token" value="([^"]+)"/.exec(await (await self.get(path)).text())?.[1] ?? "";
    },
  };
  return self;
}

async function loggedIn(user = "anna", password = "secret"): Promise<Browser> {
  const here = browser();
  const token = await here.token("/login");
  const answer = await here.post("/login", { user, password, token });
  expect(answer.headers.get("location")).toBe("/");
  return here;
}

const PAGES = [
  "/",
  "/outbox",
  "/identities",
  `/identities/${ADDRESS}`,
  "/contacts",
  "/chans",
  "/subscriptions",
  "/setup",
  "/setup/trust-certificate",
  "/setup/app-passwords",
  "/settings",
  "/log",
];

describe("without a login", () => {
  test("every page leads to the login, and nothing is done", async () => {
    const stranger = browser();
    for (const path of PAGES) {
      const answer = await stranger.get(path);
      expect([path, answer.status, answer.headers.get("location")]).toEqual([path, 303, "/login"]);
    }
    expect(
      (await stranger.post("/contacts/add", { address: ADDRESS, label: "x" })).headers.get("location"),
    ).toBe("/login");
    expect((await stranger.get("/elsewhere")).status).toBe(404);
    expect((await stranger.get("/assets/../page-handler.js")).status).toBe(404);
    expect(calls).toEqual([]);
  });

  test("a wrong password, a form that is not ours", async () => {
    const stranger = browser();
    const token = await stranger.token("/login");
    for (const password of ["a", "b", "c"]) {
      const answer = await stranger.post("/login", { user: EVIL, password, token });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain("<script>alert");
    }
    expect(attempts).toEqual([`web ${EVIL}`, `web ${EVIL}`, `web ${EVIL}`]);
    const locked = await stranger.post("/login", { user: "locked", password: "secret", token });
    expect([locked.status, await locked.text()]).toEqual([429, expect.stringContaining("Too many wrong")]);
    expect((await stranger.post("/login", { user: "anna", password: "secret", token: "1.x" })).status).toBe(
      403,
    );
    expect((await stranger.get("/")).status).toBe(303);
    expect(stranger.cookies.size).toBe(0);
  });
});

describe("the cookie", () => {
  test("is for our pages only, and new with each login", async () => {
    const here = browser();
    here.cookies.set("bmbridge_session", "chosen-by-an-attacker");
    const token = await here.token("/login");
    const answer = await here.post("/login", { user: "anna", password: "secret", token });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^bmbridge_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(here.cookies.get("bmbridge_session")).not.toBe("chosen-by-an-attacker");
  });

  test("that another user of the machine got hold of, who listens on another port of localhost, opens nothing", async () => {
    localUser = 1000;
    const here = await loggedIn();
    localUser = 1001;
    const token = "anything";
    expect((await here.get("/")).headers.get("location")).toBe("/login");
    expect(
      (await here.post("/contacts/add", { address: ADDRESS, label: "x", token })).headers.get("location"),
    ).toBe("/login");
    expect(calls).toEqual([]);
    localUser = 1000;
    expect((await here.get("/")).status).toBe(200);
  });

  test("is worth nothing after the log-out", async () => {
    const here = await loggedIn();
    const id = here.cookies.get("bmbridge_session")!;
    await here.post("/logout", { token: await here.token("/setup") });
    here.cookies.set("bmbridge_session", id);
    expect((await here.get("/")).status).toBe(303);
  });
});

describe("forms", () => {
  test("without our token, with another session's, from another site, or of another kind: nothing is done", async () => {
    const here = await loggedIn();
    const other = await (await loggedIn("bert")).token("/contacts");
    const fields = { address: ADDRESS, label: "x" };
    expect((await here.post("/contacts/add", fields)).status).toBe(403);
    expect((await here.post("/contacts/add", { ...fields, token: other })).status).toBe(403);
    const token = await here.token("/contacts");
    expect(
      (await here.post("/contacts/add", { ...fields, token }, { origin: "http://evil.example" })).status,
    ).toBe(403);
    expect(
      (await here.post("/contacts/add", { ...fields, token }, { "sec-fetch-site": "same-site" })).status,
    ).toBe(403);
    const json = { "content-type": "text/plain" };
    expect((await here.post("/contacts/add", { ...fields, token }, json)).status).toBe(415);
    expect((await here.get(`/contacts/add?address=${ADDRESS}&label=x&token=${token}`)).status).toBe(404);
    expect((await here.post("/contacts/add", { label: "x".repeat(70_000), token })).status).toBe(413);
    expect(calls).toEqual([]);
  });

  test("act for whoever is logged in, whatever they say", async () => {
    const here = await loggedIn();
    const token = await here.token("/contacts");
    const answer = await here.post("/contacts/add", {
      address: ` ${ADDRESS} `,
      label: "Bob",
      user: "bert",
      blocked: "1",
      token,
    });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/contacts"]);
    expect(calls).toEqual([
      { method: "contact.add", params: { address: ADDRESS, label: "Bob", user: "anna" } },
    ]);
    expect(await (await here.get("/contacts")).text()).toMatch(/class="notice done" role="status">Saved\./);
    expect(await (await here.get("/contacts")).text()).not.toMatch(/class="notice/);
  });

  test("every blank of a passphrase counts; a price is accepted by a form of its own", async () => {
    const here = await loggedIn();
    const token = await here.token("/chans");
    await here.post("/chans/join", { passphrase: " a ", label: "", token });
    await here.post("/outbox/accept", { id: "q1", token });
    expect(calls.map(({ params }) => params)).toEqual([
      { passphrase: " a ", user: "anna" },
      { id: "q1", accept_price: true, user: "anna" },
    ]);
  });

  test("a refusal is told in its words, harmlessly; what is no method is no page", async () => {
    const here = await loggedIn();
    const token = await here.token("/identities");
    await here.post("/identities/create", { label: "refuse", token });
    const text = await (await here.get("/identities")).text();
    expect(text).toMatch(/class="notice failed" role="alert">no: &quot;&gt;&lt;script/);
    expect((await here.post("/constructor", { token })).status).toBe(404);
    expect((await here.post("/identities/remove", { address: ADDRESS, token })).status).toBe(404);
  });
});

test("what strangers have named is shown as text on every page", async () => {
  const here = await loggedIn();
  for (const path of PAGES) {
    const answer = await here.get(path);
    const text = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    expect(text).not.toContain("<script>alert");
    expect(text).not.toMatch(/undefined|NaN|\[object/);
    expect(text).not.toMatch(/\son\w+=|\sstyle=|javascript:|https?:\/\/(?!localhost)/i);
    expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'; .*form-action 'self'/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  }
});

test("the disk's trouble is told on the first page", async () => {
  trouble = { kind: "full", text: `The disk is full ${EVIL}`, since: 1 };
  expect(await (await (await loggedIn()).get("/")).text()).toMatch(
    /role="alert"[^>]*>The disk is full &quot;&gt;&lt;script/,
  );
});

test("files of mail clients are loaded, not shown; only by whoever is logged in", async () => {
  const here = await loggedIn();
  const answer = await here.get("/setup/mutt");
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="muttrc"');
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  for (const name of ["authority", "constructor", "passwd"])
    expect([name, (await here.get(`/setup/${name}`)).status]).toEqual([name, 404]);
  expect((await browser().get("/setup/mutt")).status).toBe(404);
});

test("what was done is told to the person, not to the script that keeps the page up to date", async () => {
  const here = await loggedIn();
  await here.post("/contacts/add", { address: ADDRESS, label: "x", token: await here.token("/contacts") });
  const script = await here.get("/contacts", { "x-refresh": "quick", "sec-fetch-site": "same-origin" });
  expect(script.status).toBe(200);
  expect(await (await here.get("/contacts")).text()).toContain("Saved.");
});

test("the log and the settings are for the one who set the bridge up", async () => {
  const program = await loggedIn("anna", "of a program");
  for (const other of [await loggedIn("bert"), program]) {
    const token = await other.token("/setup");
    const fields = { name: "send.ttl", value: "1", token };
    expect((await other.post("/settings/change", fields)).status).toBe(404);
    expect((await other.get("/settings")).status).toBe(404);
  }
  expect(calls).toEqual([]);
  const other = await loggedIn("bert");
  expect((await other.get("/log")).status).toBe(404);
  expect((await other.get("/settings")).status).toBe(404);
  expect(await (await other.get("/")).text()).not.toContain('href="/log"');
});

describe("a setting", () => {
  test("is changed by its form, or goes back to its default; what is refused is told", async () => {
    const here = await loggedIn();
    const token = await here.token("/setup");
    const change = (fields: Record<string, string>) =>
      here.post("/settings/change", { name: "send.ttl", token, ...fields });
    expect((await change({ value: " 7200 ", show: "all" })).headers.get("location")).toBe(
      "/settings?show=all",
    );
    expect(await (await here.get("/settings")).text()).toMatch(
      /notice done[^>]*>send\.ttl is saved\. It holds when/,
    );
    expect((await change({ default: "1", show: "//evil" })).headers.get("location")).toBe("/settings");
    await change({ value: "refuse" });
    expect(await (await here.get("/settings")).text()).toMatch(/notice failed[^>]*>no: &quot;/);
    await change({ name: "log.level", value: "debug" });
    expect(await (await here.get("/settings")).text()).toMatch(
      /notice done[^>]*>log\.level is changed, and holds from now/,
    );
    expect(calls.map(({ params }) => params)).toEqual([
      { name: "send.ttl", text: "7200" },
      { name: "send.ttl", text: null },
      { name: "send.ttl", text: "refuse" },
      { name: "log.level", text: "debug" },
    ]);
  });
});

describe("the password", () => {
  test("changes for whoever knows the old one; other sessions end", async () => {
    const [here, there] = [await loggedIn(), await loggedIn()];
    const token = await here.token("/setup");
    await here.post("/password", { current: "wrong", password: "new", token });
    expect(await (await here.get("/setup")).text()).toMatch(/class="notice failed"/);
    await here.post("/password", { current: "secret", password: "new", name: "bert", token });
    expect(await (await here.get("/setup")).text()).toMatch(/class="notice done"/);
    expect((await there.get("/")).status).toBe(303);
    const bert = await loggedIn("bert");
    expect((await bert.get("/")).status).toBe(200);
  });
});

describe("app passwords", () => {
  test("are made with the login's own password, shown once, and revoked", async () => {
    const here = await loggedIn();
    const page = "/setup/app-passwords";
    const token = await here.token(page);
    await here.post(`${page}/add`, { label: "phone", current: "wrong", token });
    expect(await (await here.get(page)).text()).toMatch(/class="notice failed"/);
    expect(calls).toEqual([]);
    await here.post(`${page}/add`, { label: "phone", current: "secret", token, user: "bert" });
    expect(calls).toEqual([{ method: "app-password.add", params: { label: "phone", user: "anna" } }]);
    expect(await (await here.get(page)).text()).toContain("abcde-fghjk");
    expect(await (await here.get(page)).text()).not.toContain("abcde-fghjk");
    await here.post(`${page}/revoke`, { label: "phone", token });
    expect(calls.at(-1)).toEqual({ method: "app-password.revoke", params: { label: "phone", user: "anna" } });
  });
});

test("keys that are locked are told on the first page, and unlocked there", async () => {
  const here = await loggedIn();
  expect(await (await here.get("/")).text()).not.toContain('action="/unlock"');
  keys = "locked";
  expect(await (await here.get("/")).text()).toContain('action="/unlock"');
  await here.post("/unlock", { passphrase: " with blanks ", token: await here.token("/") });
  expect(calls).toEqual([{ method: "keys.unlock", params: { passphrase: " with blanks ", user: "anna" } }]);
});

describe("the language", () => {
  test("is the browser's until another is chosen", async () => {
    const here = browser();
    expect(await (await here.get("/login", { "accept-language": "de" })).text()).toMatch(
      /<html lang="de">[\s\S]*Anmelden/,
    );
    const answer = await here.get("/language?to=fr&back=/login");
    expect(answer.headers.get("location")).toBe("/login");
    expect(await (await here.get("/login", { "accept-language": "de" })).text()).toMatch(/<html lang="fr">/);
  });

  test("its link leads to pages of ours only", async () => {
    const here = browser();
    for (const back of [
      "//evil.example",
      "http://evil.example",
      "/\\evil.example",
      "/elsewhere",
      "/login\r\nSet-Cookie: a=b",
    ]) {
      const answer = await here.get(`/language?to=de&back=${encodeURIComponent(back)}`);
      expect([back, answer.headers.get("location")]).toEqual([back, "/"]);
    }
    await here.get("/language?to=xx;Path=/&back=/");
    expect([...here.cookies.values()]).not.toContain("xx");
  });
});
