import { HttpError } from "../../../../http/message.js";
import { type Html, html } from "../html.js";
import type { Page, View } from "../view.js";

/** A setting in force. */
export interface SettingRow {
  readonly section: string;
  readonly key: string;
  /** As it is written in the file; secrets are left out. */
  readonly value: string;
  readonly isDefault: boolean;
  /** Its sentence. */
  readonly text: string;
}

/** Every setting in force; they are changed in the file, by whoever may write it. */
export async function settingsPage(view: View): Promise<Page> {
  const { words, settings } = view;
  if (settings === null) throw new HttpError(404, words.text("not-found"));
  const sections = [...new Set(settings.rows.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const rows = settings.rows.filter((row) => row.section === section);
    return html`<section aria-labelledby="s-${section}"><h2 id="s-${section}">[${section}]</h2><ul class="rows">${rows.map((row) => settingRow(view, row))}</ul></section>`;
  });
  return {
    title: words.text("nav.settings"),
    content: html`<p class="lead">${words.text("settings.lead")} <code>${settings.file}</code></p>${parts}`,
  };
}

function settingRow({ words }: View, { key, value, isDefault, text }: SettingRow): Html {
  const english = words.language !== "en" && html` lang="en"`;
  return html`<li class="row"><div class="what"><p class="name"><code>${key} = ${value}</code>${!isDefault && html` <span class="state queued">${words.text("settings.changed")}</span>`}</p><p class="detail"${english}>${text}</p></div></li>`;
}
