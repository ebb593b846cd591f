import { HttpError } from "../../../../http/message.js";
import { html } from "../html.js";
import type { Page, View } from "../view.js";

/** The last lines of the log, newest first; only for whoever may read it, as it tells of all users. */
export async function logPage(view: View): Promise<Page> {
  const { words, log } = view;
  if (log === null) throw new HttpError(404, words.text("not-found"));
  const text = log.length === 0 ? words.text("log.empty") : [...log].reverse().join("\n");
  return {
    title: words.text("nav.log"),
    content: html`<p class="lead">${words.text("log.lead")}</p><div data-live="log"><pre class="log" tabindex="0" role="region" aria-label="${words.text("nav.log")}">${text}</pre></div>`,
  };
}
