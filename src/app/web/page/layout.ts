/** The frame of every page. */
import { type Content, Html, html } from "./html.js";
import type { Notice } from "./sessions.js";
import { LANGUAGE_NAMES, LANGUAGES, type Translator } from "./translator.js";

export interface Frame {
  readonly words: Translator;
  /** Null before the login. */
  readonly user: string | null;
  readonly formToken: string;
  readonly title: string;
  /** The path of the page. */
  readonly path: string;
  readonly notice: Notice | null;
  readonly content: Content;
  readonly isOwner: boolean;
}

/** The pages, in the order of the navigation; the names of their keys. */
export const NAVIGATION: readonly (readonly [path: string, key: string])[] = [
  ["/", "status"],
  ["/outbox", "outbox"],
  ["/identities", "identities"],
  ["/contacts", "contacts"],
  ["/chans", "chans"],
  ["/subscriptions", "subscriptions"],
  ["/setup", "setup"],
  ["/settings", "settings"],
  ["/log", "log"],
];

/** What concerns all users. */
const FOR_OWNER = new Set(["settings", "log"]);

export function layout(frame: Frame): string {
  const { words, title, content } = frame;
  const page = html`<html lang="${words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Bitmessage Bridge</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
<script src="/assets/live.js" defer></script>
</head>
<body>
<a class="skip" href="#main">${words.text("frame.skip")}</a>
${frame.user === null ? plainHeader() : fullHeader(frame)}
<main id="main" tabindex="-1">
<h1>${title}</h1>
${notice(frame)}
${content}
</main>
${footer(frame)}
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}

function plainHeader(): Html {
  return html`<header class="top"><p class="brand">${LOGO}<span>Bitmessage Bridge</span></p></header>`;
}

function fullHeader({ words, user, formToken, path, isOwner }: Frame): Html {
  const links = NAVIGATION.filter(([, key]) => isOwner || !FOR_OWNER.has(key)).map(([target, key]) => {
    const isHere = target === path || (target !== "/" && path.startsWith(`${target}/`));
    return html`<li><a href="${target}"${isHere && html` aria-current="page"`}>${words.text(`nav.${key}`)}</a></li>`;
  });
  return html`<header class="top">
<p class="brand">${LOGO}<span>Bitmessage Bridge</span></p>
<nav aria-label="${words.text("frame.navigation")}"><ul>${links}</ul></nav>
<form method="post" action="/logout" class="logout"><input type="hidden" name="token" value="${formToken}"><span class="user">${user}</span><button class="button plain">${words.text("frame.logout")}</button></form>
</header>`;
}

function notice({ notice: told, words }: Frame): Content {
  if (told === null) return null;
  // Refusals come from the program's own words, which are English.
  const language = told.kind === "failed" && words.language !== "en" && html` lang="en"`;
  return html`<p class="notice ${told.kind}" role="${told.kind === "failed" ? "alert" : "status"}"${language}>${told.text}</p>`;
}

function footer({ words, path }: Frame): Html {
  const links = LANGUAGES.map((language) =>
    language === words.language
      ? html`<li><span lang="${language}" aria-current="true">${LANGUAGE_NAMES[language]}</span></li>`
      : html`<li><a href="/language?to=${language}&amp;back=${encodeURIComponent(path)}" lang="${language}" hreflang="${language}">${LANGUAGE_NAMES[language]}</a></li>`,
  );
  return html`<footer><ul class="languages" aria-label="${words.text("frame.language")}">${links}</ul></footer>`;
}

const LOGO = new Html(
  '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 24c4-11 9-16 13-16s9 5 13 16" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round"/><path d="M2 24h28M9 16v8M16 9v15M23 16v8" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/></svg>',
);
