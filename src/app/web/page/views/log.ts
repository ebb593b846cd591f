import { HttpError } from "../../../../http/message.js";
import type { Level } from "../../../log.js";
import { html } from "../html.js";
import { empty, type Page, type View } from "../view.js";

const LEVELS: readonly Level[] = ["error", "warn", "info", "debug"];

/** The last lines of the log, newest first; only for whoever may read it, as it tells of all users. */
export async function logPage(view: View): Promise<Page> {
  const { words, owner, query } = view;
  if (owner === null) throw new HttpError(404, words.text("not-found"));
  const written = owner.logLevel();
  const level = LEVELS.find((one) => one === query.get("level")) ?? written;
  const links = LEVELS.map(
    (one) =>
      html`<li><a href="/log?level=${one}"${one === level && html` aria-current="true"`}>${words.text(`log.level-${one}`)}</a></li>`,
  );
  const lines = [...owner.logLines(level)].reverse();
  const isBelow = LEVELS.indexOf(level) > LEVELS.indexOf(written);
  const shown =
    lines.length === 0
      ? empty(words.text("log.empty"))
      : html`<pre class="log" tabindex="0" role="region" aria-label="${words.text("nav.log")}">${lines.map((line) => html`<span class="${line.level}">${line.text}</span>`)}</pre>`;
  return {
    title: words.text("nav.log"),
    content: html`<p class="lead">${words.text("log.lead")}</p>
<ul class="tabs" aria-label="${words.text("log.levels")}">${links}</ul>
${isBelow && html`<p class="notice waiting">${words.text("log.not-written", { level: words.text(`log.level-${written}`) })} <a href="/settings#s-log">${words.text("nav.settings")}</a></p>`}
<div data-live="log">${shown}</div>`,
  };
}
