/** Settings that mail clients fetch or load by themselves, as XML. */
import { createHash } from "node:crypto";
import { type Html, html } from "../web/page/html.js";
import type { ClientFacts, ClientIdentity, ServerFacts } from "./client-facts.js";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const SOCKET_TYPES = { off: "plain", starttls: "STARTTLS", implicit: "SSL" } as const;

/** Thunderbird's autoconfig, version 1.1. The client puts the address in that the person has typed: whose it is, is not told here. */
export function autoconfig({ domain, imap, smtp, web }: Omit<ClientFacts, "user" | "identities">): string {
  const inside = (facts: ServerFacts) => html`
      <hostname>${facts.host}</hostname>
      <port>${facts.port}</port>
      <socketType>${SOCKET_TYPES[facts.security]}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>`;
  return `${DECLARATION}${
    html`<clientConfig version="1.1">
  <emailProvider id="${domain}">
    <domain>${domain}</domain>
    <displayName>Bitmessage Bridge</displayName>
    <displayShortName>Bitmessage</displayShortName>${
      imap &&
      html`
    <incomingServer type="imap">${inside(imap)}
    </incomingServer>`
    }${
      smtp &&
      html`
    <outgoingServer type="smtp">${inside(smtp)}
    </outgoingServer>`
    }
  </emailProvider>${
    web !== null &&
    html`
  <addressBook type="carddav">
    <username>%EMAILADDRESS%</username>
    <authentication>http-basic</authentication>
    <serverURL>${web}</serverURL>
  </addressBook>`
  }
</clientConfig>
`.text
  }`;
}

/** Outlook's autodiscover (POX, [MS-OXDSCLI] section 4). */
export function autodiscover(
  { imap, smtp }: Pick<ClientFacts, "imap" | "smtp">,
  mailAddress: string,
): string {
  const protocol = (type: string, facts: ServerFacts | null) =>
    facts &&
    html`
      <Protocol>
        <Type>${type}</Type>
        <Server>${facts.host}</Server>
        <Port>${facts.port}</Port>
        <DomainRequired>off</DomainRequired>
        <LoginName>${mailAddress}</LoginName>
        <SPA>off</SPA>
        <SSL>${facts.security === "implicit" ? "on" : "off"}</SSL>
        <Encryption>${{ off: "None", starttls: "TLS", implicit: "SSL" }[facts.security]}</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>`;
  return `${DECLARATION}${
    html`<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>${protocol("IMAP", imap)}${protocol("SMTP", smtp)}
    </Account>
  </Response>
</Autodiscover>
`.text
  }`;
}

/** A configuration profile for Apple's Mail and Contacts. @param authority in PEM, to be trusted; null where there is no TLS */
export function mobileconfig(facts: ClientFacts, authority: string | null): string {
  const { user, web } = facts;
  const payloads = [
    ...facts.identities.map((identity) => mailPayload(facts, identity)),
    ...(web === null ? [] : [cardDavPayload(user, new URL(web))]),
    ...(authority === null ? [] : [authorityPayload(authority)]),
  ];
  const profile = dictionary([
    ["PayloadType", "Configuration"],
    ["PayloadVersion", 1],
    ["PayloadIdentifier", `bitmessage-bridge.${user}`],
    ["PayloadUUID", uuidOf(`profile ${user}`)],
    ["PayloadDisplayName", "Bitmessage Bridge"],
    ["PayloadDescription", "Mail and contacts of the Bitmessage Bridge"],
    ["PayloadContent", html`<array>${payloads}</array>`],
  ]);
  const type =
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n';
  return `${DECLARATION}${type}${html`<plist version="1.0">${profile}</plist>\n`.text}`;
}

type Value = string | number | boolean | Html;

function dictionary(entries: readonly (readonly [string, Value])[]): Html {
  return html`<dict>${entries.map(([key, value]) => html`<key>${key}</key>${plistValue(value)}`)}</dict>`;
}

function plistValue(value: Value): Html {
  if (typeof value === "string") return html`<string>${value}</string>`;
  if (typeof value === "number") return html`<integer>${value}</integer>`;
  if (typeof value === "boolean") return value ? html`<true/>` : html`<false/>`;
  return value;
}

function payload(type: string, name: string, entries: readonly (readonly [string, Value])[]): Html {
  return dictionary([
    ["PayloadType", type],
    ["PayloadVersion", 1],
    ["PayloadIdentifier", `bitmessage-bridge.${name}`],
    ["PayloadUUID", uuidOf(`${type} ${name}`)],
    ...entries,
  ]);
}

function mailPayload({ user, imap, smtp }: ClientFacts, { label, mail_address }: ClientIdentity): Html {
  const server = (direction: "Incoming" | "Outgoing", facts: ServerFacts | null) => {
    if (facts === null) return [];
    const name = (rest: string) => `${direction}MailServer${rest}`;
    return [
      [name("Authentication"), "EmailAuthPassword"],
      [name("HostName"), facts.host],
      [name("PortNumber"), facts.port],
      [name("UseSSL"), facts.security !== "off"],
      [name("Username"), user],
    ] as const;
  };
  return payload("com.apple.mail.managed", mail_address, [
    ["PayloadDisplayName", label || mail_address],
    ["EmailAccountType", "EmailTypeIMAP"],
    ["EmailAccountDescription", label || "Bitmessage"],
    ["EmailAccountName", label || user],
    ["EmailAddress", mail_address],
    ...server("Incoming", imap),
    ...server("Outgoing", smtp),
    ["OutgoingPasswordSameAsIncomingPassword", true],
  ]);
}

function cardDavPayload(user: string, { hostname, port, protocol }: URL): Html {
  return payload("com.apple.carddav.account", "carddav", [
    ["PayloadDisplayName", "Bitmessage"],
    ["CardDAVAccountDescription", "Bitmessage"],
    ["CardDAVHostName", hostname],
    ["CardDAVPort", Number(port)],
    ["CardDAVUseSSL", protocol === "https:"],
    ["CardDAVUsername", user],
    ["CardDAVPrincipalURL", `/dav/principals/${encodeURIComponent(user)}/`],
  ]);
}

function authorityPayload(pem: string): Html {
  const octets = pem.replace(/-----[^-]+-----|\s+/g, "");
  return payload("com.apple.security.root", "authority", [
    ["PayloadDisplayName", "Authority of the Bitmessage Bridge"],
    ["PayloadCertificateFileName", "authority.cer"],
    ["PayloadContent", html`<data>${octets}</data>`],
  ]);
}

/** The same for the same name, so that a profile that is loaded again replaces the one before. */
function uuidOf(name: string): string {
  const hex = createHash("sha256").update(`bitmessage-bridge ${name}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join("-").toUpperCase();
}
