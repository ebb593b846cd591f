/** Chans, subscriptions, contacts and the block list: labelled addresses, and forms to add and remove them. */
import { type Content, type Html, html } from "../html.js";
import {
  addressText,
  button,
  empty,
  field,
  guardedButton,
  type Page,
  postForm,
  submit,
  type View,
} from "../view.js";
import { readIdentities } from "./identities.js";

interface Labelled {
  readonly address: string;
  readonly label: string;
}

interface ContactRow extends Labelled {
  readonly blocked: boolean;
}

export async function chansPage(view: View): Promise<Page> {
  const { words } = view;
  const chans = (await readIdentities(view)).filter(({ chan }) => chan);
  const actions = (chan: Labelled) =>
    html`<a class="button plain" href="/identities/${chan.address}">${words.text("identities.show")}<span class="hidden"> ${chan.label}</span></a>${guardedButton(view, { action: "/chans/leave", fields: { address: chan.address }, label: words.text("chans.leave"), about: chan.label, question: words.text("chans.leave-question") })}`;
  const inputs = html`${field({ id: "passphrase", name: "passphrase", label: words.text("chans.passphrase"), hint: words.text("chans.passphrase-hint") })}${field({ id: "label", name: "label", label: words.text("label"), required: "optional", hint: words.text("chans.label-hint") })}${submit(words.text("chans.join"))}`;
  return {
    title: words.text("nav.chans"),
    content: html`<p class="lead">${words.text("chans.lead")}</p>${list(view, chans, "chans.empty", actions)}
${section(words.text("chans.new"), "new", postForm(view, "/chans/join", inputs, "stack"))}`,
  };
}

export async function subscriptionsPage(view: View): Promise<Page> {
  const { words } = view;
  const followed = (await view.call("subscription.list")) as readonly Labelled[];
  const actions = ({ address, label }: Labelled) =>
    guardedButton(view, {
      action: "/subscriptions/remove",
      fields: { address },
      label: words.text("subscriptions.remove"),
      about: label || address,
      question: words.text("subscriptions.remove-question"),
    });
  const inputs = html`${field({ id: "address", name: "address", label: words.text("address") })}${field({ id: "label", name: "label", label: words.text("label"), required: "optional" })}${submit(words.text("subscriptions.add"))}`;
  return {
    title: words.text("nav.subscriptions"),
    content: html`<p class="lead">${words.text("subscriptions.lead")}</p>${list(view, followed, "subscriptions.empty", actions)}
${section(words.text("subscriptions.new"), "new", postForm(view, "/subscriptions/add", inputs, "stack"))}`,
  };
}

export async function contactsPage(view: View): Promise<Page> {
  const { words } = view;
  const all = (await view.call("contact.list")) as readonly ContactRow[];
  const contacts = all
    .filter(({ blocked }) => !blocked)
    .sort((a, b) => a.label.localeCompare(b.label, words.language));
  const blocked = all.filter((contact) => contact.blocked);
  const inputs = html`${field({ id: "address", name: "address", label: words.text("address") })}${field({ id: "label", name: "label", label: words.text("name") })}${submit(words.text("contacts.add"))}`;
  const blocking = html`${field({ id: "block-address", name: "address", label: words.text("address") })}${submit(words.text("contacts.block"))}`;
  return {
    title: words.text("nav.contacts"),
    content: html`<p class="lead">${words.text("contacts.lead")}</p>${list(view, contacts, "contacts.empty", contactActions(view))}
${section(words.text("contacts.new"), "new", postForm(view, "/contacts/add", inputs, "stack"))}
<section aria-labelledby="blocked"><h2 id="blocked">${words.text("contacts.blocked")}</h2><p class="lead">${words.text("contacts.blocked-lead")}</p>
${list(view, blocked, "contacts.blocked-empty", ({ address, label }) => button(view, { action: "/contacts/unblock", fields: { address }, label: words.text("contacts.unblock"), about: label || address }))}
${postForm(view, "/contacts/block", blocking, "stack")}</section>`,
  };
}

function contactActions(view: View) {
  const { words } = view;
  return ({ address, label }: Labelled): Html => {
    const shared = { fields: { address }, about: label || address };
    const remove = { ...shared, action: "/contacts/remove", label: words.text("contacts.remove") };
    const block = { ...shared, action: "/contacts/block", label: words.text("contacts.block") };
    return html`${guardedButton(view, { ...block, question: words.text("contacts.block-question") })}${guardedButton(view, { ...remove, question: words.text("contacts.remove-question") })}`;
  };
}

function list<T extends Labelled>(
  { words, domain }: View,
  rows: readonly T[],
  nothing: string,
  actions: (row: T) => Content,
): Html {
  if (rows.length === 0) return empty(words.text(nothing));
  const items = rows.map(
    (row) =>
      html`<li class="row"><div class="what"><p class="name">${row.label || words.text("no-label")}</p><p class="detail">${addressText(`${row.address}@${domain}`)}</p></div><div class="actions">${actions(row)}</div></li>`,
  );
  return html`<ul class="rows">${items}</ul>`;
}

function section(title: string, id: string, content: Content): Html {
  return html`<section class="new" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}
