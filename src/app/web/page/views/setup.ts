/** What to type into a mail client. */
import { type Html, html } from "../html.js";
import { addressText, field, type Page, postForm, submit, type View } from "../view.js";
import { readIdentities } from "./identities.js";

export async function setupPage(view: View): Promise<Page> {
  const { words, endpoints, security, domain } = view;
  const own = (await readIdentities(view)).filter(({ chan, enabled }) => !chan && enabled);
  const addresses = own.map(({ address }) => html`<dd>${addressText(`${address}@${domain}`)}</dd>`);
  const scheme = security.web === "tls" ? "https" : "http";
  const book = endpoints.web === null ? null : `${scheme}://${friendly(endpoints.web)}/`;
  return {
    title: words.text("nav.setup"),
    content: html`<p class="lead">${words.text("setup.lead")}</p>
<section class="settings-cards">
${card(words.text("setup.you"), html`<dt>${words.text("setup.user-name")}</dt><dd><code>${view.user}</code></dd><dt>${words.text("setup.password")}</dt><dd>${words.text("setup.password-hint")}</dd><dt>${words.text("setup.mail-address")}</dt>${addresses}`)}
${server(view, words.text("setup.imap"), endpoints.imap, security.imap)}
${server(view, words.text("setup.smtp"), endpoints.smtp, security.smtp)}
${card(words.text("setup.carddav"), book === null ? html`<dt>${words.text("setup.server")}</dt><dd>${words.text("setup.off")}</dd>` : html`<dt>${words.text("setup.address")}</dt><dd><code>${book}</code></dd>`)}
</section>
<section aria-labelledby="thunderbird"><h2 id="thunderbird">Thunderbird</h2><ol class="steps">${[1, 2, 3, 4, 5].map((step) => html`<li>${words.text(`setup.thunderbird-${step}`, { book: book ?? "" })}</li>`)}</ol></section>
<section aria-labelledby="password-title" class="new"><h2 id="password-title">${words.text("password.title")}</h2>${passwordForm(view)}</section>`,
  };
}

function passwordForm(view: View): Html {
  const { words } = view;
  const inputs = html`<input type="text" name="username" value="${view.user}" autocomplete="username" hidden>${field({ id: "current", name: "current", label: words.text("password.current"), type: "password", autocomplete: "current-password" })}${field({ id: "password", name: "password", label: words.text("password.new"), type: "password", autocomplete: "new-password", hint: words.text("password.hint") })}${submit(words.text("password.change"))}`;
  return postForm(view, "/password", inputs, "stack");
}

function server({ words }: View, title: string, endpoint: string | null, mode: string): Html {
  if (endpoint === null)
    return card(title, html`<dt>${words.text("setup.server")}</dt><dd>${words.text("setup.off")}</dd>`);
  const colon = endpoint.lastIndexOf(":");
  const host = friendly(endpoint).slice(0, friendly(endpoint).lastIndexOf(":"));
  return card(
    title,
    html`<dt>${words.text("setup.server")}</dt><dd><code>${host}</code></dd><dt>${words.text("setup.port")}</dt><dd><code>${endpoint.slice(colon + 1)}</code></dd><dt>${words.text("setup.security")}</dt><dd>${words.text(`setup.security-${mode}`)}</dd><dt>${words.text("setup.authentication")}</dt><dd>${words.text("setup.password-plain")}</dd>`,
  );
}

function card(title: string, content: Html): Html {
  return html`<section class="card"><h2>${title}</h2><dl class="settings">${content}</dl></section>`;
}

/** People know loopback by this name. */
function friendly(endpoint: string): string {
  return endpoint.replace(/^(127\.0\.0\.1|\[::1\])(?=:\d+$)/, "localhost");
}
