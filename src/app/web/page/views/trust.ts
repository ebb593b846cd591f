/** How each system is told to trust the certificates of this bridge: needed where its servers use TLS. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ClientFacts } from "../../../client-setup/client-facts.js";
import { type Content, type Html, html } from "../html.js";
import { empty, type Page, type View } from "../view.js";

const FILE = "bitmessage-authority.pem";

/** What is done on each, in its own words of the catalogue, and what is typed there. */
const SYSTEMS: readonly {
  readonly key: string;
  readonly name: string;
  readonly commands?: readonly string[];
}[] = [
  { key: "trust.thunderbird", name: "Thunderbird" },
  { key: "trust.firefox", name: "Firefox" },
  {
    key: "trust.debian",
    name: "Debian, Ubuntu",
    commands: [
      `sudo cp ${FILE} /usr/local/share/ca-certificates/bitmessage-bridge.crt`,
      "sudo update-ca-certificates",
    ],
  },
  { key: "trust.fedora", name: "Fedora, Arch Linux, openSUSE", commands: [`sudo trust anchor ${FILE}`] },
  {
    key: "trust.chromium",
    name: "Chromium, Chrome (Linux)",
    commands: [`certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "Bitmessage Bridge" -i ${FILE}`],
  },
  {
    key: "trust.macos",
    name: "macOS",
    commands: [`security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${FILE}`],
  },
  { key: "trust.windows", name: "Windows", commands: [`certutil -user -addstore Root ${FILE}`] },
  { key: "trust.android", name: "Android" },
  { key: "trust.ios", name: "iPhone, iPad" },
];

export async function trustPage(view: View): Promise<Page> {
  const { words } = view;
  const { authority_file: file } = (await view.call("client.settings")) as ClientFacts;
  const content = file === null ? empty(words.text("trust.not-needed")) : instructions(view, file);
  return {
    title: words.text("trust.title"),
    content: html`${content}<p><a href="/setup">${words.text("trust.back")}</a></p>`,
  };
}

function instructions({ words }: View, file: string): Content {
  const { fingerprint256 } = new X509Certificate(readFileSync(file));
  return html`<p class="lead">${words.text("trust.lead")}</p>
<section class="card"><h2>${words.text("setup.authority")}</h2><dl class="settings"><dt>${words.text("trust.file")}</dt><dd><a href="/setup/authority" download>${FILE}</a></dd><dt>SHA-256</dt><dd><code class="fingerprint">${fingerprint256}</code></dd></dl></section>
<p class="notice waiting">${words.text("trust.warning")}</p>
<ul class="rows">${SYSTEMS.map(({ key, name, commands = [] }) => system(words.text(key), name, commands))}</ul>`;
}

function system(text: string, name: string, commands: readonly string[]): Html {
  const typed =
    commands.length > 0 &&
    html`<pre class="command" tabindex="0" role="region" aria-label="${name}">${commands.join("\n")}</pre>`;
  return html`<li class="row"><div class="what"><h2 class="name">${name}</h2><p class="detail">${text}</p>${typed}</div></li>`;
}
