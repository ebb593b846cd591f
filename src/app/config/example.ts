import { stringify } from "smol-toml";
import type { Setting } from "./setting.js";
import { SETTINGS } from "./settings.js";

/** The text of `config/example.toml`: every setting with its sentence, at its default and commented out. */
export function exampleConfig(): string {
  const lines = [
    "# Settings of bitmessage-bridge. Each line shows the default; take away the # to change one.",
    "# Each can also come from the environment (BMBRIDGE_NODE_LISTEN) or from --set node.listen=...",
  ];
  let section = "";
  for (const setting of [...SETTINGS].sort(bySection)) {
    if (setting.section !== section) {
      section = setting.section;
      lines.push("", `[${section}]`);
    }
    lines.push(`# ${setting.text}`, `#${line(setting)}`);
  }
  return `${lines.join("\n")}\n${DELIVERY}`;
}

const DELIVERY = `
# Delivery targets: each received mail is handed on to every target that it concerns, again and again until it is taken, and stays
# in its mailbox here. One table a target.
# [[delivery]]
#   name = "dovecot"                      # names it in "bmbridge delivery list"
#   type = "lmtp"                         # "lmtp", "smtp", "imap", "command" or "webhook"
#   server = "127.0.0.1:24"               # or "unix:/run/dovecot/lmtp"
#   tls = "auto"                          # off on this machine, else starttls (implicit on ports 465 and 993); "off", "starttls", "implicit"
#   username = "bridge"                   # with password_file = "/path" or password_env = "NAME"
#   sender = ""                           # envelope sender: none, "original", or a mail address that gets what comes back
#   recipient = "{user}@example.org"      # else the ordinary address (mail.addresses) of the identity or login, else the login
#   users = ["anna"]                      # only mail of these logins
#   addresses = ["BM-..."]                # only mail to these identities and chans, and from these broadcasters
#   kinds = ["message", "chan", "broadcast", "report"]
#
# [[delivery]]
#   name = "other-account"
#   type = "imap"
#   server = "imap.example.org:993"
#   username = "anna@example.org"
#   password_file = "/etc/bmbridge/imap-password"
#   folder = "INBOX"
#
# [[delivery]]
#   name = "filter"
#   type = "command"                      # the mail on standard input; SENDER, RECIPIENT and DELIVERY_ID in the environment; no shell
#   command = ["/usr/local/bin/filter", "--from-bitmessage"]
#   time_limit = 60
#
# [[delivery]]
#   name = "hook"
#   type = "webhook"                      # POST; X-Delivery-Signature: t=SECONDS,v1=HMAC-SHA256 of "SECONDS." and the body
#   url = "https://hooks.example.org/mail"
#   format = "rfc822"                     # or "json"
#   secret_file = "/etc/bmbridge/hook-secret"
`;

const ORDER = [...new Set(SETTINGS.map((setting) => setting.section))];

function bySection(first: Setting, second: Setting): number {
  return ORDER.indexOf(first.section) - ORDER.indexOf(second.section);
}

function line(setting: Setting): string {
  return stringify({ [setting.key]: setting.value }).trim();
}
