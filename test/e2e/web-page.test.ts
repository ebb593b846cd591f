/** The web page in Debian's Chromium: what people do there, and whether everybody can. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import {
  bmbridge,
  PASSWORD,
  type RunningNode,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
const BOB = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let node: RunningNode;
let address = "";
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  address = await setupNode(data, "alice");
  await bmbridge(["contact", "add", BOB, "Bob <b>Builder</b>", "--data-dir", data]);
  await bmbridge(["contact", "block", address, "--data-dir", data]);
  // A message that stays on its way: its work takes far longer than the tests.
  node = await startNode(data, ["network.min_trials_per_byte=10000000"]);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}, 120_000);

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

afterAll(async () => {
  await browser?.close();
  await node?.stop();
  directory.remove();
}, 120_000);

const url = (path: string) => `http://localhost:${node.webPort}${path}`;

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: "en", ...options });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

async function logIn(page: Page): Promise<void> {
  await page.goto(url("/"));
  await page.fill("#user", "alice");
  await page.fill("#password", PASSWORD);
  await page.click("form.login button");
  await page.waitForURL(url("/"));
}

/** Everything that the browser complains of: blocked by the policy, not found, thrown. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(error.message));
  page.on("requestfailed", (request) => found.push(`${request.url()} failed`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url("/"))) found.push(`${request.url()} is elsewhere`);
  });
  return found;
}

const json = async (...parameters: string[]) => {
  const { stdout } = await bmbridge([...parameters, "--json", "--data-dir", data]);
  return JSON.parse(Buffer.from(stdout, "latin1").toString());
};

describe("a person", () => {
  test("manages everything without a script, and the command line tells the same", async () => {
    const page = await open({ javaScriptEnabled: false });
    const found = complaints(page);
    await logIn(page);
    await page.click("text=Identities");
    await page.fill("#label", "Work & more");
    await page.click("text=Create");
    expect(await page.textContent(".notice.done")).toBe("The new address is there.");
    await page.click("text=Chans");
    await page.fill("#passphrase", "general");
    await page.click(".new button");
    await page.click("text=Contacts");
    const bob = page.locator(".row", { hasText: "Bob <b>Builder</b>" });
    await bob.locator("summary", { hasText: "Remove" }).click();
    await bob.locator("button", { hasText: "Remove" }).click();
    expect(await page.textContent(".notice.done")).toBe("Removed.");
    await page.fill("#address", BOB);
    await page.fill("#label", "Bob Ångström");
    await page.click(".new button");
    await page.click("text=Subscriptions");
    await page.fill("#address", "BM-nonsense");
    await page.click(".new button");
    expect(await page.textContent(".notice.failed")).toMatch(/BM-nonsense is no Bitmessage address/);
    expect(found).toEqual([]);
    const own: { label: string; chan: boolean }[] = await json("identity", "list");
    expect(own.map(({ label, chan }) => `${label} ${chan}`).sort()).toEqual([
      "Work & more false",
      "alice false",
      "general true",
    ]);
    expect(await json("contact", "list")).toContainEqual(
      expect.objectContaining({ address: BOB, label: "Bob Ångström" }),
    );
  }, 120_000);

  test("sees a message on its way without loading the page again, and cancels it", async () => {
    const page = await open();
    const found = complaints(page);
    await logIn(page);
    await page.waitForSelector("text=No message is waiting");
    const parameters = ["send", "--from", address, "--to", "broadcast@bm.localhost", "--subject", "News"];
    await bmbridge([...parameters, "--data-dir", data], "Hello\n");
    await page.waitForSelector(".row:has-text('News') .state");
    await page.goto(url("/outbox"));
    const row = page.locator(".row", { hasText: "News" });
    await row.locator("summary").click();
    await row.locator("button", { hasText: "Cancel" }).click();
    await page.waitForSelector(".notice.done");
    expect(await page.textContent("section:has(#ended) .row")).toMatch(/News[\s\S]*cancelled/);
    expect(found).toEqual([]);
  }, 120_000);

  test("uses the keyboard alone", async () => {
    const page = await open();
    await page.goto(url("/login"));
    const focused = () =>
      page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("user");
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL(url("/"));
    expect(await page.textContent("h1")).toBe("Status");
  }, 120_000);
});

test("another site can neither frame the page nor send its forms", async () => {
  const page = await open();
  await logIn(page);
  // Another port of this machine is another origin, but the same site: the cookie goes along.
  await page.route("http://localhost:1/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<form method="post" action="${url("/contacts/add")}"><input name="address" value="${address}"><input name="label" value="Eve"></form><iframe src="${url("/")}"></iframe><script>fetch("${url("/contacts")}").then(() => document.title = "read", () => document.title = "refused")</script>`,
    }),
  );
  await page.goto("http://localhost:1/");
  await page.waitForFunction("document.title === 'refused'");
  await page.evaluate("document.forms[0].submit()");
  await page.waitForSelector("text=This request comes from another site");
  expect(await json("contact", "list")).not.toContainEqual(expect.objectContaining({ label: "Eve" }));
}, 120_000);

describe("everybody", () => {
  // In all schemes, widths and languages with made-up people: web-page-for-everybody.test.ts. Here, what a real node shows.
  test.each([
    { colorScheme: "light", width: 1200 },
    { colorScheme: "dark", width: 375 },
  ] as const)(
    "can use each page of a node, $colorScheme, $width wide",
    async ({ colorScheme, width }) => {
      const page = await open({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      await page.goto(url("/"));
      await examine(page, `login-${colorScheme}-${width}`);
      await logIn(page);
      const paths = [
        "/",
        "/outbox",
        "/identities",
        `/identities/${address}`,
        "/contacts",
        "/chans",
        "/subscriptions",
        "/setup",
        "/setup/trust-certificate",
        "/settings",
        "/log",
        "/nowhere",
      ];
      for (const path of paths) {
        await page.goto(url(path));
        await page.evaluate(
          "for (const details of document.querySelectorAll('details')) details.open = true",
        );
        const name = path === "/" ? "status" : path.slice(1).replace(/\/.*/, "-one");
        await examine(page, `${name}-${colorScheme}-${width}`);
      }
    },
    120_000,
  );

  test("loads little", async () => {
    const page = await open();
    let octets = 0;
    page.on("response", (response) => {
      octets += Number(response.headers()["content-length"]);
    });
    await logIn(page);
    await page.waitForLoadState("networkidle");
    expect(octets).toBeLessThan(60_000);
  }, 120_000);
});

async function examine(page: Page, name: string): Promise<void> {
  await page.evaluate(AXE);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const violations = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" | ")))`,
  );
  expect({ name, violations }).toEqual({ name, violations: [] });
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  expect({ name, overflow: Math.max(0, Number(overflow)) }).toEqual({ name, overflow: 0 });
}
