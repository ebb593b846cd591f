/** What to type into a mail client, and the files to load. */
import { readFileSync } from "node:fs";
import { HttpError, type HttpResponse } from "../../../../http/message.js";
import type { ClientFacts, ServerFacts } from "../../../client-setup/client-facts.js";
import type { ClientFile } from "../../../client-setup/client-files.js";
import { MAIL_CLIENTS } from "../../../client-setup/mail-clients.js";
import { type Html, html } from "../html.js";
import { addressText, field, type Page, postForm, submit, type View } from "../view.js";

export async function setupPage(view: View): Promise<Page> {
  const { words } = view;
  const facts = (await view.call("client.settings")) as ClientFacts;
  const addresses = facts.identities.map(
    ({ mail_address }) => html`<dd class="whole">${addressText(mail_address)}</dd>`,
  );
  const off = html`<dt>${words.text("setup.server")}</dt><dd>${words.text("setup.off")}</dd>`;
  const usesTls = facts.authority_file !== null;
  const trust = html`<a href="/setup/trust-certificate">${words.text("trust.title")}</a>`;
  const keys = facts.autoconfig ? ["auto", 4, 5] : [1, 2, usesTls ? "3-tls" : 3, 4, 5];
  const steps = [
    usesTls && html`<li>${trust}</li>`,
    ...keys.map(
      (step) => html`<li>${words.text(`setup.thunderbird-${step}`, { book: facts.web ?? "" })}</li>`,
    ),
  ];
  return {
    title: words.text("nav.setup"),
    content: html`<p class="lead">${words.text("setup.lead")}</p>
<section class="settings-cards">
${card(words.text("setup.you"), html`<dt>${words.text("setup.user-name")}</dt><dd><code>${view.user}</code></dd><dt>${words.text("setup.password")}</dt><dd>${words.text("setup.password-hint")}</dd><dt>${words.text("setup.mail-address")}</dt>${addresses}`)}
${card(words.text("setup.imap"), facts.imap === null ? off : server(view, facts.imap))}
${card(words.text("setup.smtp"), facts.smtp === null ? off : server(view, facts.smtp))}
${card(words.text("setup.carddav"), facts.web === null ? off : html`<dt>${words.text("setup.address")}</dt><dd><code>${facts.web}</code></dd>`)}
</section>
<section aria-labelledby="thunderbird"><h2 id="thunderbird">Thunderbird</h2><ol class="steps">${steps}</ol></section>
<section aria-labelledby="files"><h2 id="files">${words.text("setup.files")}</h2><p class="lead">${words.text("setup.files-lead")}</p><ul class="tabs">${files(view, facts)}</ul>
${usesTls && html`<p>${trust}</p>`}</section>
<section aria-labelledby="password-title" class="new"><h2 id="password-title">${words.text("password.title")}</h2>${passwordForm(view)}<p><a href="/setup/app-passwords">${words.text("app-passwords.title")}</a> <span class="detail">${words.text("app-passwords.detail")}</span></p></section>`,
  };
}

function passwordForm(view: View): Html {
  const { words } = view;
  const inputs = html`<input type="text" name="username" value="${view.user}" autocomplete="username" hidden>${field({ id: "current", name: "current", label: words.text("password.current"), type: "password", autocomplete: "current-password" })}${field({ id: "password", name: "password", label: words.text("password.new"), type: "password", autocomplete: "new-password", hint: words.text("password.hint") })}${submit(words.text("password.change"))}`;
  return postForm(view, "/password", inputs, "stack");
}

function server({ words }: View, { host, port, security }: ServerFacts): Html {
  return html`<dt>${words.text("setup.server")}</dt><dd><code>${host}</code></dd><dt>${words.text("setup.port")}</dt><dd><code>${port}</code></dd><dt>${words.text("setup.security")}</dt><dd>${words.text(`setup.security-${security}`)}</dd><dt>${words.text("setup.authentication")}</dt><dd>${words.text("setup.password-plain")}</dd>`;
}

function card(title: string, content: Html): Html {
  return html`<section class="card"><h2>${title}</h2><dl class="settings">${content}</dl></section>`;
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ["apple", "Apple Mail"],
  ["mutt", "mutt"],
  ["neomutt", "neomutt"],
  ["mbsync", "mbsync"],
  ["msmtp", "msmtp"],
  ["aerc", "aerc"],
]);

function files({ words }: View, facts: ClientFacts): Html[] {
  const links = [...NAMES].map(
    ([client, name]) => html`<li><a href="/setup/${client}" download>${name}</a></li>`,
  );
  if (facts.authority_file === null) return links;
  return [...links, html`<li><a href="/setup/authority" download>${words.text("setup.authority")}</a></li>`];
}

/** The file of a client, or the authority that it has to trust. */
export async function setupFile(view: View, name: string): Promise<HttpResponse> {
  if (name === "authority") {
    const { authority_file: file } = (await view.call("client.settings")) as ClientFacts;
    if (file === null) throw new HttpError(404, view.words.text("not-found"));
    return download("bitmessage-authority.pem", "application/x-pem-file", readFileSync(file, "utf8"));
  }
  if (!(MAIL_CLIENTS as readonly string[]).includes(name))
    throw new HttpError(404, view.words.text("not-found"));
  const { file } = (await view.call("client.settings", { client: name })) as { file: ClientFile };
  return download(file.name, file.type, file.text);
}

function download(name: string, type: string, body: string): HttpResponse {
  return {
    status: 200,
    headers: { "Content-Type": type, "Content-Disposition": `attachment; filename="${name}"` },
    body,
  };
}
