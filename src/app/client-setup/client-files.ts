/** The file of each mail client that settings can be made for. */
import { readFileSync } from "node:fs";
import type { ClientFacts } from "./client-facts.js";
import type { MailClient } from "./mail-clients.js";
import {
  aercSettings,
  mbsyncSettings,
  msmtpSettings,
  muttSettings,
  plainSettings,
  thunderbirdSettings,
} from "./snippets.js";
import { mobileconfig } from "./xml-documents.js";

export interface ClientFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

type Make = (facts: ClientFacts) => ClientFile;

const plain =
  (name: string, make: (facts: ClientFacts) => string): Make =>
  (facts) => ({ name, type: "text/plain; charset=utf-8", text: make(facts) });

function appleProfile(facts: ClientFacts): ClientFile {
  const authority = facts.authority_file === null ? null : readFileSync(facts.authority_file, "utf8");
  const text = mobileconfig(facts, authority);
  return { name: "bitmessage.mobileconfig", type: "application/x-apple-aspen-config", text };
}

const CLIENTS: Readonly<Record<MailClient, Make>> = {
  thunderbird: plain("thunderbird.txt", thunderbirdSettings),
  apple: appleProfile,
  outlook: plain("outlook.txt", plainSettings),
  k9: plain("k9.txt", plainSettings),
  mutt: plain("muttrc", muttSettings),
  neomutt: plain("neomuttrc", muttSettings),
  mbsync: plain("mbsyncrc", mbsyncSettings),
  msmtp: plain("msmtprc", msmtpSettings),
  aerc: plain("accounts.conf", aercSettings),
};

/** Null: what every client asks for, in words. */
export function makeClientFile(client: MailClient | null, facts: ClientFacts): ClientFile {
  return client === null ? plain("settings.txt", plainSettings)(facts) : CLIENTS[client](facts);
}
