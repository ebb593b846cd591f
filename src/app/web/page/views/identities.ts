/** The user's own addresses, and the code of each that others scan. */
import { HttpError } from "../../../../http/message.js";
import { type Html, html } from "../html.js";
import { qrCode } from "../qr-code.js";
import { addressText, button, empty, field, type Page, postForm, submit, type View } from "../view.js";

export interface IdentityRow {
  readonly address: string;
  readonly label: string;
  readonly enabled: boolean;
  readonly chan: boolean;
}

export async function readIdentities(view: View): Promise<readonly IdentityRow[]> {
  return (await view.call("identity.list")) as readonly IdentityRow[];
}

export async function identitiesPage(view: View): Promise<Page> {
  const { words } = view;
  const own = (await readIdentities(view)).filter(({ chan }) => !chan);
  return {
    title: words.text("nav.identities"),
    content: html`<p class="lead">${words.text("identities.lead")}</p>
${own.length === 0 ? empty(words.text("identities.empty")) : html`<ul class="rows">${own.map((one) => identityRow(view, one))}</ul>`}
<section class="new" aria-labelledby="new"><h2 id="new">${words.text("identities.new")}</h2>
${postForm(view, "/identities/create", html`${field({ id: "label", name: "label", label: words.text("label"), hint: words.text("identities.label-hint") })}${submit(words.text("identities.create"))}`, "stack")}</section>`,
  };
}

function identityRow(view: View, { address, label, enabled }: IdentityRow): Html {
  const { words, domain } = view;
  const fields = { address };
  const about = label || address;
  const change = enabled
    ? button(view, { action: "/identities/disable", fields, label: words.text("identities.disable"), about })
    : button(view, { action: "/identities/enable", fields, label: words.text("identities.enable"), about });
  return html`<li class="row"><div class="what">
<p class="name">${label || words.text("no-label")}${!enabled && html` <span class="state cancelled">${words.text("identities.disabled")}</span>`}</p>
<p class="detail">${addressText(`${address}@${domain}`)}</p></div>
<div class="actions"><a class="button plain" href="/identities/${address}">${words.text("identities.show")}<span class="hidden"> ${about}</span></a>${change}</div></li>`;
}

/** One identity: its code, its name. */
export async function identityPage(view: View, address: string): Promise<Page> {
  const { words, domain } = view;
  const identity = (await readIdentities(view)).find((one) => one.address === address);
  if (identity === undefined) throw new HttpError(404, words.text("not-found"));
  const back = identity.chan ? "/chans" : "/identities";
  return {
    title: identity.label || words.text("no-label"),
    content: html`<div class="identity">${qrCode(`bitmessage:${address}`, words.text("identities.qr", { address }))}
<div><dl class="settings"><dt>${words.text("identities.address")}</dt><dd class="whole">${addressText(address)}</dd>
<dt>${words.text("identities.mail-address")}</dt><dd class="whole">${addressText(`${address}@${domain}`)}</dd></dl>
${postForm(view, "/identities/label", html`<input type="hidden" name="address" value="${address}">${field({ id: "label", name: "label", label: words.text("label"), value: identity.label })}${submit(words.text("save"))}`, "stack")}
<p><a href="${back}">${words.text("back")}</a></p></div></div>`,
  };
}
