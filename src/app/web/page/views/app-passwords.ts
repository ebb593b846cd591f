/** Passwords of single mail clients: made, looked at and revoked. */
import { type Html, html } from "../html.js";
import { empty, field, guardedButton, type Page, postForm, submit, type View } from "../view.js";

interface AppPasswordRow {
  readonly label: string;
  readonly services: readonly string[];
  readonly created: number;
  readonly last_used: number | null;
  readonly last_service: string | null;
  readonly last_address: string | null;
}

export async function appPasswordsPage(view: View): Promise<Page> {
  const { words } = view;
  const rows = (await view.call("app-password.list")) as readonly AppPasswordRow[];
  const list =
    rows.length === 0
      ? empty(words.text("app-passwords.none"))
      : html`<ul class="rows">${rows.map((row) => item(view, row))}</ul>`;
  const inputs = html`<input type="text" name="username" value="${view.user}" autocomplete="username" hidden>${field({ id: "label", name: "label", label: words.text("app-passwords.label"), hint: words.text("app-passwords.label-hint") })}${field({ id: "current", name: "current", label: words.text("password.current"), type: "password", autocomplete: "current-password" })}${submit(words.text("app-passwords.make"))}`;
  return {
    title: words.text("app-passwords.title"),
    content: html`<p class="lead">${words.text("app-passwords.lead")}</p>${list}
<section class="new" aria-labelledby="new"><h2 id="new">${words.text("app-passwords.new")}</h2>${postForm(view, "/setup/app-passwords/add", inputs, "stack")}</section>`,
  };
}

function item(view: View, row: AppPasswordRow): Html {
  const { words } = view;
  const { label, services, created, last_used: used } = row;
  const use =
    used === null
      ? words.text("app-passwords.never")
      : words.text("app-passwords.used", {
          time: words.dateTime(used),
          service: row.last_service ?? "",
          address: row.last_address ?? "",
        });
  const revoke = guardedButton(view, {
    action: "/setup/app-passwords/revoke",
    fields: { label },
    label: words.text("app-passwords.revoke"),
    about: label,
    question: words.text("app-passwords.revoke-question"),
  });
  const made = words.text("app-passwords.made-at", {
    time: words.dateTime(created),
    services: services.join(", "),
  });
  return html`<li class="row"><div class="what"><p class="name">${label}</p><p class="detail">${made} ${use}</p></div><div class="actions">${revoke}</div></li>`;
}
