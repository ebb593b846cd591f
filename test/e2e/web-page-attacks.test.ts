/** What pages of other sites can do to the web page in a real browser: Debian's Chromium. */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { type DemoPage, logInToDemo, startDemoPage } from "../support/web-page/demo-page.js";

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

/** Another port of localhost, which cookies do not tell apart, and a site far away. */
const OTHERS = ["http://localhost:1", "https://evil.example"];

/** Logged in, and then on a page of somebody else, which holds that HTML. */
async function lured(origin: string, content: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en" });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await logInToDemo(page, demo.url, "anna");
  await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: content }));
  await page.goto(`${origin}/`);
  return page;
}

test.each(OTHERS)(
  "a form of %s that sends itself changes nothing",
  async (origin) => {
    const form = `<form method="post" action="${demo.url}/settings/change"><input name="name" value="send.ttl"><input name="value" value="3601"></form>`;
    const page = await lured(origin, form);
    await page.evaluate("document.forms[0].submit()");
    await page.waitForSelector("text=This request comes from another site");
    await page.goto(`${demo.url}/settings?show=set`);
    expect(await page.textContent("main")).not.toContain("3601");
  },
  200_000,
);

test.each(OTHERS)(
  "a script of %s reads nothing, whatever it asks in",
  async (origin) => {
    const page = await lured(origin, "<p>lure</p>");
    for (const mode of ["cors", "no-cors", "same-origin"]) {
      const read = await page.evaluate(
        `fetch("${demo.url}/identities", { mode: "${mode}", credentials: "include" }).then((answer) => answer.text()).then((text) => text.includes("BM-"), () => "refused")`,
      );
      expect([mode, read]).toEqual([mode, read === false ? false : "refused"]);
    }
  },
  200_000,
);

test.each(OTHERS)(
  "%s can show no part of the page: frame, picture, script, style",
  async (origin) => {
    const [main, icon, script, style] = ["/", "/assets/icon.svg", "/assets/live.js", "/assets/style.css"].map(
      (path) => demo.url + path,
    );
    const page = await lured(origin, "<p>lure</p>");
    const asked = new Set<string>();
    const answered: number[] = [];
    page.on("request", (request) => asked.add(request.url()));
    page.on("response", (response) => {
      if (response.url().startsWith(demo.url)) answered.push(response.status());
    });
    await page.setContent(
      `<iframe src="${main}"></iframe><object data="${main}"></object><img src="${icon}"><script src="${script}"></script><link rel="stylesheet" href="${style}">`,
      { waitUntil: "load" },
    );
    // Refused by us, or what came was kept from the page by the browser (Cross-Origin-Resource-Policy).
    for (const url of [main, icon, script, style]) expect([url, asked.has(url ?? "")]).toEqual([url, true]);
    expect(answered.filter((status) => status !== 403)).toEqual([]);
    for (const frame of page.frames().slice(1))
      expect(await frame.content().catch(() => "")).not.toMatch(/BM-|Bitmessage Bridge/);
  },
  200_000,
);

test.each(OTHERS)(
  "a window that %s opens is out of its reach",
  async (origin) => {
    const page = await lured(origin, "<p>lure</p>");
    const opened = page.waitForEvent("popup");
    await page.evaluate(`window.victim = window.open("${demo.url}/")`);
    const popup = await opened;
    await popup.waitForLoadState("load");
    const reach = await page.evaluate(
      "(() => { try { return victim.document.title; } catch (error) { return error.name; } })()",
    );
    // Either its opener is cut off (Cross-Origin-Opener-Policy), or the browser refuses.
    expect(["SecurityError", ""]).toContain(reach);
    expect(await popup.evaluate("window.opener")).toBeNull();
  },
  200_000,
);

test("no script can read the cookie, and a link to elsewhere does not tell where it was", async () => {
  const context = await browser.newContext({ locale: "en" });
  contexts.push(context);
  const page = await context.newPage();
  await logInToDemo(page, demo.url, "anna");
  expect(await page.evaluate("document.cookie")).toBe("");
  let referrer: string | undefined;
  await page.route("https://evil.example/**", (route) => {
    referrer = route.request().headers()["referer"];
    return route.fulfill({ contentType: "text/html", body: "<p>there</p>" });
  });
  await page.goto(`${demo.url}/identities`);
  await page.evaluate("location.href = 'https://evil.example/'");
  await page.waitForSelector("text=there");
  expect(referrer).toBeUndefined();
}, 200_000);
