/** The web page as it is, with made-up people behind it: for pictures of it, and to see whether everybody can use it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadServerCertificate } from "../../../src/app/certificates.js";
import { loadConfig } from "../../../src/app/config/load.js";
import type { ControlMethods } from "../../../src/app/control/messages.js";
import { reaches } from "../../../src/app/log.js";
import { createPageHandler } from "../../../src/app/web/page/page-handler.js";
import { Sessions } from "../../../src/app/web/page/sessions.js";
import { createShownSettings } from "../../../src/app/web/shown-settings.js";
import { createHttpServer } from "../../../src/http/server.js";
import { ADDRESSES, answers, LOG, NOW, queueEntry, samples } from "./demo-data.js";

export interface DemoPage {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Every page there is: a name, and its path. Of `anna`, who has used it for a while. */
export const DEMO_PATHS: readonly (readonly [name: string, path: string])[] = [
  ["status", "/"],
  ["status-3-hours", "/?hours=3"],
  ["status-7-days", "/?hours=168"],
  ["outbox", "/outbox"],
  ["identities", "/identities"],
  ["identity", `/identities/${ADDRESSES.anna}`],
  ["contacts", "/contacts"],
  ["chans", "/chans"],
  ["subscriptions", "/subscriptions"],
  ["setup", "/setup"],
  ["app-passwords", "/setup/app-passwords"],
  ["trust", "/setup/trust-certificate"],
  ["settings", "/settings"],
  ["settings-all", "/settings?show=all"],
  ["log", "/log?level=debug"],
  ["nowhere", "/nowhere"],
];

/** Those that look otherwise to `new`, who has just begun. */
export const NEW_PATHS: readonly (readonly [name: string, path: string])[] = [
  "/",
  "/outbox",
  "/contacts",
  "/chans",
  "/subscriptions",
  "/setup",
  "/setup/trust-certificate",
].map((path) => [`new-${path.slice(1).replace("/", "-") || "status"}`, path] as const);

const FILE = `# What this machine needs
[node]
listen = "off"                 # behind the neighbours' router
proxy = "socks5://127.0.0.1:9050"

[send]
max_work = 5e9
`;

const PASSWORD = "demo";

export async function startDemoPage(): Promise<DemoPage> {
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-demo-page-"));
  const { authorityFile } = loadServerCertificate(join(directory, "tls"), ["localhost"], new Date());
  const week = samples();
  let visitor = "";
  const settings = demoSettings(directory);
  const server = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createPageHandler({
      methods: demoMethods(authorityFile),
      authenticator: {
        authenticate: async ({ username, password }) => {
          visitor = username;
          return password === PASSWORD ? { name: username } : null;
        },
      },
      sessions: new Sessions({ begun: () => () => {}, now: Date.now }),
      localUserOf: async () => null,
      surroundings: () => ({
        domain: "bm.localhost",
        samples: {
          add: () => {},
          since: (time) => (visitor === "new" ? [] : week.filter((sample) => sample.time >= time)),
          removeBefore: () => {},
        },
        now: NOW,
      }),
      owner: {
        logLines: (least) =>
          LOG.filter(([level]) => reaches(level, least)).map(([level, text]) => ({ level, text })),
        logLevel: () => "info",
        settings: () => ({
          ...settings.view(),
          file: "/home/anna/.local/share/bitmessage-bridge/config.toml",
        }),
        change: (name, text) => settings.change(name, text),
      },
      isOwner: () => true,
    }),
  });
  const { port } = await server.start();
  return {
    url: `http://localhost:${port}`,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** One setting waits for a restart, one comes from the environment. */
function demoSettings(directory: string) {
  const path = join(directory, "config.toml");
  writeFileSync(path, FILE);
  const sources = { file: path, environment: { BMBRIDGE_POW_THREADS: "7" }, assignments: [] };
  const config = loadConfig(sources);
  writeFileSync(path, `${FILE}ttl = 604800\n`);
  return createShownSettings({ config, sources, path, check: () => {}, threshold: { level: "info" } });
}

function demoMethods(authorityFile: string): ControlMethods {
  const names = Object.keys(answers("anna", authorityFile));
  const lists = names.map(
    (name) =>
      [
        name,
        ({ user }: Readonly<Record<string, unknown>>) => answers(String(user), authorityFile)[name],
      ] as const,
  );
  return { ...Object.fromEntries(lists), "queue.show": ({ id }) => queueEntry(id) };
}

/** How a browser of playwright logs in: what of a page that needs. */
interface Browsing {
  goto(url: string): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  waitForURL(url: string): Promise<void>;
}

export async function logInToDemo(page: Browsing, url: string, user: "anna" | "new"): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill("#user", user);
  await page.fill("#password", PASSWORD);
  await page.click("form.login button");
  await page.waitForURL(`${url}/`);
}
