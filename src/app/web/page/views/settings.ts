/** Every setting: its sentence, what it is, what it was made by; those that may be changed here, with a form. */
import { HttpError } from "../../../../http/message.js";
import type { SettingInput, SettingRow } from "../../shown-settings.js";
import { type Content, type Html, html } from "../html.js";
import { empty, field, type Page, postForm, submit, type View } from "../view.js";

/** Which settings are shown. */
const SELECTIONS = {
  changeable: ({ input, next }: SettingRow) => input !== null || next !== null,
  set: ({ origin, next }: SettingRow) => origin !== "default" || next !== null,
  all: () => true,
} as const;
type Selection = keyof typeof SELECTIONS;
const NAMES = Object.keys(SELECTIONS) as readonly Selection[];

function selectionOf(text: string | null): Selection {
  return NAMES.find((name) => name === text) ?? "changeable";
}

/** The page with the same selection as before. */
export function settingsPath(show: string | null): string {
  const selection = selectionOf(show);
  return selection === "changeable" ? "/settings" : `/settings?show=${selection}`;
}

export async function settingsPage(view: View): Promise<Page> {
  const { words, owner, query } = view;
  if (owner === null) throw new HttpError(404, words.text("not-found"));
  const { file, problem, rows } = owner.settings();
  const selection = selectionOf(query.get("show"));
  const shown = rows.filter(SELECTIONS[selection]);
  const sections = [...new Set(shown.map(({ section }) => section))];
  const links = NAMES.map(
    (name) =>
      html`<li><a href="${settingsPath(name)}"${name === selection && html` aria-current="true"`}>${words.text(`settings.show-${name}`)}</a></li>`,
  );
  const waiting = rows.some(({ next }) => next !== null);
  const parts = sections.map((section) => {
    const its = shown.filter((row) => row.section === section);
    return html`<section aria-labelledby="s-${section}"><h2 id="s-${section}">${words.text(`section.${section}`)} <code>[${section}]</code></h2><ul class="rows">${its.map((row) => settingRow(view, row, selection))}</ul></section>`;
  });
  return {
    title: words.text("nav.settings"),
    content: html`<p class="lead">${words.text("settings.lead")} <code class="path">${file}</code></p>
${problem !== null && html`<p class="notice failed" lang="en">${problem}</p>`}
${waiting && html`<p class="notice waiting">${words.text("settings.waiting")}</p>`}
<ul class="tabs" aria-label="${words.text("settings.selection")}">${links}</ul>
${shown.length === 0 ? empty(words.text("settings.none")) : parts}`,
  };
}

function settingRow(view: View, row: SettingRow, selection: Selection): Html {
  const { words } = view;
  const { section, key, value, preset, next, origin, text, input } = row;
  const sentence = words.settingSentence(text);
  const english = sentence === null && html` lang="en"`;
  const facts: [string, Content][] = [[words.text("settings.value"), html`<code>${value}</code>`]];
  if (next !== null) facts.push([words.text("settings.next"), html`<code>${next}</code>`]);
  if (preset !== value) facts.push([words.text("settings.default"), html`<code>${preset}</code>`]);
  const from = words.text(`settings.from-${origin}`, { name: `BMBRIDGE_${section}_${key}`.toUpperCase() });
  if (origin !== "default") facts.push([words.text("settings.set-by"), from]);
  return html`<li class="row setting"><div class="what"><p class="name"><code>${section}.${key}</code>${next !== null && html` <span class="state queued">${words.text("settings.after-restart")}</span>`}</p>
<p class="detail"${english}>${sentence ?? text}</p>
<dl class="facts">${facts.map(([name, what]) => html`<div><dt>${name}</dt><dd>${what}</dd></div>`)}</dl></div>
${input !== null && changeForm(view, row, input, selection)}</li>`;
}

function changeForm(view: View, row: SettingRow, input: SettingInput, selection: Selection): Html {
  const { words } = view;
  const name = `${row.section}.${row.key}`;
  const hidden = html`<input type="hidden" name="name" value="${name}"><input type="hidden" name="show" value="${selection}">`;
  const about = html`<span class="hidden"> ${name}</span>`;
  const reset =
    row.origin === "file" &&
    postForm(
      view,
      "/settings/change",
      html`${hidden}<button class="button plain" name="default" value="1">${words.text("settings.use-default")}${about}</button>`,
    );
  return html`<details class="guard change"><summary class="button plain">${words.text("settings.change")}…${about}</summary><div class="ask">
${postForm(view, "/settings/change", html`${hidden}${control(name, words.text("settings.new-value"), input)}${submit(words.text("save"))}`, "stack")}${reset}</div></details>`;
}

function control(name: string, label: string, { choices, value, kind }: SettingInput): Html {
  const id = `v-${name}`;
  if (choices === null)
    return field({ id, name: "value", label, value, ...(kind === "number" ? { inputMode: "decimal" } : {}) });
  const options = choices.map(
    (choice) => html`<option value="${choice}"${choice === value && html` selected`}>${choice}</option>`,
  );
  return html`<p class="field"><label for="${id}">${label}</label><select id="${id}" name="value">${options}</select></p>`;
}
