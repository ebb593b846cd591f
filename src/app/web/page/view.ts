/** What every view of the page is made from. */

import type { SampleStore } from "../../../store/stores.js";
import type { Level } from "../../log.js";
import type { LogTail } from "../log-tail.js";
import type { SettingsView } from "../shown-settings.js";
import type { Content, Html } from "./html.js";
import { html } from "./html.js";
import type { Translator } from "./translator.js";

export interface View {
  readonly user: string;
  readonly formToken: string;
  readonly words: Translator;
  /** Calls a control method in the name of the user. */
  call(method: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
  readonly domain: string;
  readonly samples: SampleStore;
  /** What concerns all users; null for whom it is not. */
  readonly owner: OwnerView | null;
  readonly query: URLSearchParams;
  /** `refresh` when a script asks for what changes from second to second on a page that is open. */
  readonly purpose: "show" | "refresh";
  /** Unix seconds. */
  readonly now: number;
}

export interface OwnerView {
  readonly logLines: LogTail["lines"];
  /** The least level that is logged. */
  readonly logLevel: () => Level;
  readonly settings: () => SettingsView;
}

/** A page below the frame: its heading and what is in it. */
export interface Page {
  readonly title: string;
  readonly content: Content;
}

export type PageView = (view: View) => Promise<Page>;

/** A form that changes something. */
export function postForm(view: View, action: string, content: Content, className = "inline"): Html {
  return html`<form method="post" action="${action}" class="${className}"><input type="hidden" name="token" value="${view.formToken}">${content}</form>`;
}

/** A form of hidden fields and one button. */
export function button(
  view: View,
  options: {
    readonly action: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly label: string;
    /** What it is about, for those who hear the page. */
    readonly about: string;
    readonly kind?: "plain" | "danger";
  },
): Html {
  const hidden = Object.entries(options.fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const className = `button ${options.kind ?? "plain"}`;
  const about = html`<span class="hidden"> ${options.about}</span>`;
  return postForm(
    view,
    options.action,
    html`${hidden}<button class="${className}">${options.label}${about}</button>`,
  );
}

/** A button that asks first: the second one appears behind the first. */
export function guardedButton(
  view: View,
  options: Parameters<typeof button>[1] & { readonly question: string },
): Html {
  return html`<details class="guard"><summary class="button plain">${options.label}…<span class="hidden"> ${options.about}</span></summary><div class="ask"><p>${options.question}</p>${button(view, { ...options, kind: "danger" })}</div></details>`;
}

/** One labelled input. */
export function field(options: {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly type?: "text" | "password";
  readonly inputMode?: "decimal";
  readonly autocomplete?: string;
  readonly hint?: string;
  readonly required?: "required" | "optional";
}): Html {
  const {
    id,
    name,
    label,
    value = "",
    type = "text",
    inputMode,
    autocomplete = "off",
    hint,
    required = "required",
  } = options;
  const describedBy = hint === undefined ? null : html` aria-describedby="${id}-hint"`;
  return html`<p class="field"><label for="${id}">${label}</label><input id="${id}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"${inputMode !== undefined && html` inputmode="${inputMode}"`}${required === "required" && html` required`}${describedBy}>${hint !== undefined && html`<span class="hint" id="${id}-hint">${hint}</span>`}</p>`;
}

export function submit(label: string): Html {
  return html`<button class="button primary">${label}</button>`;
}

export function empty(text: string): Html {
  return html`<p class="empty">${text}</p>`;
}

/** An address that breaks before its domain, else anywhere, and can be copied. */
export function addressText(address: string): Html {
  const [name = "", ...domain] = address.split("@");
  return html`<code class="address">${name}${domain.map((part) => html`<wbr>@${part}`)}</code>`;
}
