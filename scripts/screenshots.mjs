// Pictures of every page of the web page, with made-up people behind it, to be looked at. Needs `npm run build` and Debian's Chromium.
// node scripts/screenshots.mjs DIRECTORY [--language de] [--only NAME]
// node scripts/screenshots.mjs docs/images --readme
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const dist = resolve(process.env.DIST ?? "dist");
const { DEMO_PATHS, NEW_PATHS, logInToDemo, startDemoPage } = await import(
  join(dist, "test/support/web-page/demo-page.js")
);
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    language: { type: "string", default: "en" },
    only: { type: "string" },
    readme: { type: "boolean" },
  },
});
const [directory] = positionals;
if (directory === undefined) throw new Error("say where the pictures go");
mkdirSync(directory, { recursive: true });

const demo = await startDemoPage();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
let count = 0;
try {
  if (values.readme) await takeForReadme();
  else
    for (const colorScheme of ["light", "dark"])
      for (const width of [1280, 390]) await takeAll(colorScheme, width);
} finally {
  await browser.close();
  await demo.stop();
}
console.log(`${count} pictures`);

async function takeAll(colorScheme, width) {
  const look = {
    colorScheme,
    viewport: { width, height: 844 },
    locale: values.language,
    timezoneId: "Europe/Berlin",
  };
  for (const [user, paths] of [
    [null, [["login", "/login"]]],
    ["anna", DEMO_PATHS],
    ["new", NEW_PATHS],
  ]) {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    if (user !== null) await logInToDemo(page, demo.url, user);
    for (const [name, path] of paths) {
      if (values.only !== undefined && values.only !== name) continue;
      await page.goto(demo.url + path);
      await take(page, `${name}-${colorScheme}-${width}`);
    }
    await context.close();
  }
}

/** The two that the README shows: what fits into one look. */
async function takeForReadme() {
  for (const [name, path, colorScheme, width, height, deviceScaleFactor] of [
    ["web-page-status", "/", "light", 1100, 1330, 0.8],
    ["web-page-phone", "/outbox", "dark", 390, 844, 1],
  ]) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      deviceScaleFactor,
      locale: "en",
      timezoneId: "Europe/Berlin",
    });
    const page = await context.newPage();
    await logInToDemo(page, demo.url, "anna");
    await page.goto(demo.url + path);
    await page.screenshot({ path: join(directory, `${name}.png`) });
    count++;
    await context.close();
  }
}

async function take(page, name) {
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
  count++;
}
