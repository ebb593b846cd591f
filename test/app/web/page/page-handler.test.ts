import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CommandError, type ControlMethods } from "../../../../src/app/control/messages.js";
import { createPageHandler } from "../../../../src/app/web/page/page-handler.js";
import { Sessions } from "../../../../src/app/web/page/sessions.js";
import { createHttpServer, type HttpServer } from "../../../../src/http/server.js";
import { LoginDelay } from "../../../../src/mail/login-delay.js";

const EVIL = `"><script>alert('x')</script>`;
const ADDRESS = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";

let server: HttpServer;
let base: string;
let waits: number[];
let calls: { method: string; params: Record<string, unknown> }[];

beforeEach(async () => {
  waits = [];
  calls = [];
  const passwords = new Map([
    ["anna", "secret"],
    ["bert", "secret"],
  ]);
  const sessions = new Sessions({ passwordHashOf: (user) => passwords.get(user) ?? null, now: Date.now });
  server = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createPageHandler({
      methods: fakeMethods(passwords),
      authenticator: {
        authenticate: async ({ username, password }) =>
          passwords.get(username) === password ? { name: username } : null,
      },
      delay: new LoginDelay({
        wait: async (milliseconds) => {
          waits.push(milliseconds);
        },
      }),
      sessions,
      surroundings: () => ({
        domain: "bm.localhost",
        samples: { add: () => {}, since: () => [], removeBefore: () => {} },
        now: 1_700_000_000,
        log: [`a line ${EVIL}`],
        settings: {
          file: "/data/config.toml",
          rows: [{ section: "node", key: "listen", value: EVIL, isDefault: false, text: "Where." }],
        },
      }),
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
  const recorded = ["identity.create", "contact.add", "contact.remove", "chan.join", "queue.retry"].map(
    (method) =>
      [
        method,
        (params: Readonly<Record<string, unknown>>) => {
          calls.push({ method, params });
          if (params["label"] === "refuse") throw new CommandError(`no: ${EVIL}`);
        },
      ] as const,
  );
  const passwd = ({ name, password }: Readonly<Record<string, unknown>>) => {
    passwords.set(String(name), String(password));
  };
  return Object.fromEntries([...known, ...recorded, ["user.passwd", passwd] as const]);
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

async function loggedIn(user = "anna"): Promise<Browser> {
  const here = browser();
  const token = await here.token("/login");
  const answer = await here.post("/login", { user, password: "secret", token });
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

  test("a wrong password, a form that is not ours; each failure makes the next wait longer", async () => {
    const stranger = browser();
    const token = await stranger.token("/login");
    for (const password of ["a", "b", "c"]) {
      const answer = await stranger.post("/login", { user: EVIL, password, token });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain("<script>alert");
    }
    expect(waits).toEqual([500, 1000]);
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
  const script = await here.get("/contacts", { "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin" });
  expect(script.status).toBe(200);
  expect(await (await here.get("/contacts")).text()).toContain("Saved.");
});

test("the log and the settings are for the one who set the bridge up", async () => {
  const other = await loggedIn("bert");
  expect((await other.get("/log")).status).toBe(404);
  expect((await other.get("/settings")).status).toBe(404);
  expect(await (await other.get("/")).text()).not.toContain('href="/log"');
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
