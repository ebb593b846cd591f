/** Every page with made-up people behind it, in Debian's Chromium: in each language, both colour schemes, two widths; by keyboard; how heavy. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import {
  DEMO_PATHS,
  type DemoPage,
  logInToDemo,
  NEW_PATHS,
  startDemoPage,
} from "../support/web-page/demo-page.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDTHS = [1280, 390];
/** Pages that are there a second time, longer: looked at in one language. */
const VARIANTS = new Set(["status-3-hours", "status-7-days", "settings-all"]);
const SCHEMES = ["light", "dark"] as const;

let demo: DemoPage;
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  demo = await startDemoPage();
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}, 120_000);
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options);
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

/** Looks at the page as it stands, in every scheme and width. */
async function examine(page: Page, name: string): Promise<void> {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
  await page.evaluate(AXE);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const violations = await page.evaluate(
        `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" | ")))`,
      );
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect({ name, width, colorScheme, violations, overflow: Math.max(0, Number(overflow)) }).toEqual({
        name,
        width,
        colorScheme,
        violations: [],
        overflow: 0,
      });
    }
  }
}

test.each(["en", "de", "fr"])(
  "everybody can use each page: %s",
  async (locale) => {
    for (const [user, paths] of [
      ["anna", DEMO_PATHS],
      ["new", NEW_PATHS],
    ] as const) {
      const page = await open({ locale, bypassCSP: true });
      await page.goto(`${demo.url}/login`);
      expect(await page.getAttribute("html", "lang")).toBe(locale);
      if (user === "new") await examine(page, "login");
      await logInToDemo(page, demo.url, user);
      for (const [name, path] of paths) {
        if (locale !== "en" && VARIANTS.has(name)) continue;
        await page.goto(demo.url + path);
        await examine(page, name);
      }
    }
  },
  600_000,
);

describe("by keyboard alone", () => {
  /** What Tab reaches, in its order: names of the controls. */
  async function reached(page: Page): Promise<string[]> {
    const names: string[] = [];
    for (let presses = 0; presses < 400; presses++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(
        "(() => { const one = document.activeElement; if (one === document.body || one.dataset.seen) return null; one.dataset.seen = '1'; const ring = getComputedStyle(one); if (ring.outlineStyle === 'none' || parseFloat(ring.outlineWidth) < 2) return 'NO RING ' + one.outerHTML.slice(0, 120); return (one.labels?.[0] ?? one).textContent.trim().replace(/\\s+/g, ' '); })()",
      );
      if (typeof name !== "string") return names;
      names.push(name);
    }
    throw new Error("Tab goes round for ever");
  }

  test("each control of each page is reached, and shows that it is", async () => {
    const page = await open({ locale: "en" });
    await logInToDemo(page, demo.url, "anna");
    for (const [name, path] of DEMO_PATHS) {
      await page.goto(demo.url + path);
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      const controls = await page.evaluate(
        "document.querySelectorAll('a[href], button, input:not([type=hidden]):not([hidden]), select, summary, [tabindex=\"0\"]').length",
      );
      const names = await reached(page);
      expect({ name, reached: names.length }).toEqual({ name, reached: controls });
      expect(names.filter((one) => one === "" || one.startsWith("NO RING"))).toEqual([]);
      expect(names[0]).toBe("Skip to the content");
    }
  }, 400_000);

  test("a setting is changed", async () => {
    const page = await open({ locale: "en" });
    await logInToDemo(page, demo.url, "anna");
    await page.goto(`${demo.url}/settings`);
    await page.locator("summary", { hasText: "send.auto_reply_limit" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("7");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".notice.done");
    expect(await page.textContent(".notice.done")).toBe(
      "send.auto_reply_limit is saved. It holds when the bridge has been started again.",
    );
    const row = page.locator(".setting", { hasText: "send.auto_reply_limit" });
    expect((await row.textContent())?.replace(/\s+/g, " ")).toMatch(/In force ?20 ?After a restart ?7/);
  }, 200_000);
});

test("each page is light: what it loads with an empty cache, and what an open one asks for again and again", async () => {
  const page = await open({ locale: "en" });
  await logInToDemo(page, demo.url, "anna");
  for (const [name, path] of DEMO_PATHS) {
    let octets = 0;
    const fresh = await page.context().newPage();
    fresh.on("response", (response) => {
      octets += Number(response.headers()["content-length"] ?? Number.NaN);
    });
    await fresh.goto(demo.url + path);
    await fresh.waitForLoadState("load");
    await fresh.close();
    expect({ name, isLight: octets < 100_000 }).toEqual({ name, isLight: true });
  }
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const again = await fetch(`${demo.url}/`, { headers: { cookie, "x-refresh": "quick" } });
  expect((await again.arrayBuffer()).byteLength).toBeLessThan(12_000);
}, 200_000);
