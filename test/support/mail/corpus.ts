import { brokenMails } from "./broken.js";
import type { CorpusMail } from "./build.js";
import { clientMails } from "./clients.js";
import { strayMails } from "./stray.js";
import { structuredMails } from "./structures.js";
import { textMails } from "./texts.js";

/** Mails of every kind, the same on every machine, each with what must become of it at another bridge. */
export function mailCorpus(): readonly CorpusMail[] {
  return [...clientMails(), ...structuredMails(), ...textMails(), ...brokenMails(), ...strayMails()];
}
