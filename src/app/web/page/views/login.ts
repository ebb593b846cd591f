import { html } from "../html.js";
import type { Translator } from "../translator.js";
import { field, type Page, submit } from "../view.js";

export function loginPage(words: Translator, token: string, user: string): Page {
  return {
    title: words.text("login.title"),
    content: html`<p class="lead">${words.text("login.lead")}</p><form method="post" action="/login" class="stack card login"><input type="hidden" name="token" value="${token}">${field({ id: "user", name: "user", label: words.text("setup.user-name"), value: user, autocomplete: "username" })}${field({ id: "password", name: "password", label: words.text("setup.password"), type: "password", autocomplete: "current-password" })}${submit(words.text("login.submit"))}</form>`,
  };
}
