/** Settings of mail programs that read text files. `PASSWORD` stands for the password, which nobody but its owner has in the clear. */
import type { ClientFacts, ServerFacts } from "./client-facts.js";

/** Lines between braces belong together: they are left out where the server is switched off. */
type Lines = readonly string[];

const own = ({ identities, user, domain }: ClientFacts) => identities[0]?.mail_address ?? `${user}@${domain}`;
const names = ({ identities }: ClientFacts) => identities.map(({ mail_address }) => mail_address);
const trusting = (facts: ClientFacts, server: ServerFacts, line: (file: string) => string): Lines =>
  facts.authority_file === null || server.security === "off" ? [] : [line(facts.authority_file)];

export function muttSettings(facts: ClientFacts): string {
  const { user, imap, smtp } = facts;
  const scheme = (name: string, server: ServerFacts) => (server.security === "implicit" ? `${name}s` : name);
  const server = imap ?? smtp;
  return text([
    "# mutt and neomutt: put this into ~/.muttrc or ~/.config/neomutt/neomuttrc",
    `set from = "${own(facts)}"`,
    ...(names(facts).length > 1 ? [`alternates ${names(facts).map(quoteRegularExpression).join(" ")}`] : []),
    "set use_envelope_from = yes",
    ...(imap === null
      ? []
      : [
          `set folder = "${scheme("imap", imap)}://${user}@${imap.host}:${imap.port}/"`,
          'set spoolfile = "+INBOX"',
          'set record = "+Sent"',
          'set postponed = "+Drafts"',
          'set trash = "+Trash"',
          'set imap_pass = "PASSWORD"',
        ]),
    ...(smtp === null
      ? []
      : [
          `set smtp_url = "${scheme("smtp", smtp)}://${user}@${smtp.host}:${smtp.port}/"`,
          'set smtp_pass = "PASSWORD"',
        ]),
    `set ssl_starttls = ${server?.security === "starttls" ? "yes" : "no"}`,
    `set ssl_force_tls = ${server === null || server.security === "off" ? "no" : "yes"}`,
    ...(server === null ? [] : trusting(facts, server, (file) => `set certificate_file = "${file}"`)),
  ]);
}

export function mbsyncSettings(facts: ClientFacts): string {
  const { user, imap } = facts;
  if (imap === null) return text(["# IMAP is switched off (imap.listen)"]);
  const type = { off: "None", starttls: "STARTTLS", implicit: "IMAPS" }[imap.security];
  return text([
    "# mbsync (isync): put this into ~/.mbsyncrc",
    "IMAPAccount bitmessage",
    `Host ${imap.host}`,
    `Port ${imap.port}`,
    `User ${user}`,
    'Pass "PASSWORD"',
    `SSLType ${type}`,
    ...(imap.security === "off" ? ["AuthMechs LOGIN"] : []),
    ...trusting(facts, imap, (file) => `CertificateFile ${file}`),
    "",
    "IMAPStore bitmessage-bridge",
    "Account bitmessage",
    "",
    "MaildirStore bitmessage-local",
    "Path ~/Mail/bitmessage/",
    "Inbox ~/Mail/bitmessage/INBOX",
    "SubFolders Verbatim",
    "",
    "Channel bitmessage",
    "Far :bitmessage-bridge:",
    "Near :bitmessage-local:",
    "Patterns *",
    "Create Both",
    "Expunge Both",
    "SyncState *",
  ]);
}

export function msmtpSettings(facts: ClientFacts): string {
  const { user, smtp } = facts;
  if (smtp === null) return text(["# SMTP is switched off (smtp.listen)"]);
  return text([
    "# msmtp: put this into ~/.msmtprc, readable by you alone (chmod 600)",
    "account bitmessage",
    `host ${smtp.host}`,
    `port ${smtp.port}`,
    `from ${own(facts)}`,
    `auth ${smtp.security === "off" ? "plain" : "on"}`,
    `user ${user}`,
    "password PASSWORD",
    `tls ${smtp.security === "off" ? "off" : "on"}`,
    ...(smtp.security === "off" ? [] : [`tls_starttls ${smtp.security === "starttls" ? "on" : "off"}`]),
    ...trusting(facts, smtp, (file) => `tls_trust_file ${file}`),
    "account default : bitmessage",
  ]);
}

export function aercSettings(facts: ClientFacts): string {
  const { user, imap, smtp } = facts;
  const scheme = (name: string, server: ServerFacts) =>
    ({ off: `${name}+insecure`, starttls: name, implicit: `${name}s` })[server.security];
  return text([
    "# aerc: put this into ~/.config/aerc/accounts.conf, readable by you alone (chmod 600)",
    "[Bitmessage]",
    ...(imap === null
      ? []
      : [`source = ${scheme("imap", imap)}://${user}:PASSWORD@${imap.host}:${imap.port}`]),
    ...(smtp === null
      ? []
      : [`outgoing = ${scheme("smtp", smtp)}+plain://${user}:PASSWORD@${smtp.host}:${smtp.port}`]),
    `from = <${own(facts)}>`,
    ...(names(facts).length > 1
      ? [
          `aliases = ${names(facts)
            .map((name) => `<${name}>`)
            .join(", ")}`,
        ]
      : []),
    "default = INBOX",
    "copy-to = Sent",
    "postpone = Drafts",
  ]);
}

/** For people who type them in: K-9, Outlook by hand, and everything else. */
export function plainSettings(facts: ClientFacts): string {
  const security = { off: "none", starttls: "STARTTLS", implicit: "SSL/TLS" } as const;
  const server = (name: string, server: ServerFacts | null) =>
    server === null
      ? `${name}  switched off`
      : `${name}  server ${server.host}, port ${server.port}, security ${security[server.security]}, normal password`;
  return text([
    ...names(facts).map((name) => `mail address    ${name}`),
    `user name       ${facts.user}`,
    "password        the one that was shown or chosen when the login was made (bmbridge user passwd changes it)",
    server("reading (IMAP)", facts.imap),
    server("sending (SMTP)", facts.smtp),
    `address book    ${facts.web === null ? "switched off" : `${facts.web} (CardDAV)`}`,
    ...(facts.authority_file === null
      ? []
      : [`authority       ${facts.authority_file} (to be trusted by the client)`]),
  ]);
}

export function thunderbirdSettings(facts: ClientFacts): string {
  const { autoconfig, web } = facts;
  return text([
    ...(autoconfig
      ? [
          "Thunderbird: New Account, Email; type name, mail address and password, and continue: it finds all by itself.",
        ]
      : [
          "Thunderbird: New Account, Email; name, mail address and password; then Configure manually, Test, Done:",
        ]),
    plainSettings(facts).trimEnd(),
    "It warns of security none; on this machine, which the mail does not leave, that is right.",
    "Contacts: Address Book, New CardDAV Address Book, with user name and address as above.",
    "What became of your mail, as coloured labels: Settings, General, Tags, New: $BmSent, $BmDelivered, $BmFailed.",
    ...(autoconfig || web === null
      ? []
      : [
          "So that it finds all by itself, let the bridge have port 80 of loopback (README, Mail clients): on Linux, for one,",
          "sudo sysctl net.ipv4.ip_unprivileged_port_start=80, and start the bridge anew. Or, instead of typing servers,",
          "in Settings, General, Config Editor, set mailnews.auto_config_url to",
          `${web}mail/config-v1.1.xml?domain=`,
        ]),
  ]);
}

function quoteRegularExpression(address: string): string {
  return `"^${address.replace(/[.\\+*?[^\]$(){}|]/g, "\\\\$&")}$"`;
}

function text(lines: Lines): string {
  return `${lines.join("\n")}\n`;
}
