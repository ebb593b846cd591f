/** How an app password is made, written and looked for. */
import { createHash, randomInt } from "node:crypto";

/** No letters that look alike. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 5;
const GROUP_LENGTH = 5;

/** Five groups of five: 124 bits, which nobody guesses, neither here nor in a stolen database. */
export function makeAppPassword(): string {
  const letter = () => LETTERS[randomInt(LETTERS.length)];
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join("");
  return Array.from({ length: GROUPS }, group).join("-");
}

/** As it was made, however it was typed; null for what cannot be one. */
export function normalAppPassword(typed: string): string | null {
  if (typed.length > 100) return null;
  const letters = typed.toLowerCase().replace(/[\s-]/g, "");
  if (letters.length !== GROUPS * GROUP_LENGTH || [...letters].some((one) => !LETTERS.includes(one)))
    return null;
  return letters.match(/.{5}/g)?.join("-") ?? null;
}

/** What is kept of it, and what it is found by. A hash without salt and cost does, as there is nothing to guess. */
export function appPasswordVerifier(user: string, password: string): Uint8Array {
  const hash = createHash("sha256").update(`bitmessage-bridge app password\0${user}\0${password}`);
  return new Uint8Array(hash.digest());
}

/** What a label may be, as the end of a sentence. */
export const LABEL_RULE =
  "has up to 64 letters, digits, blanks, dots, hyphens and underscores, and begins with a letter or digit";
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u;

/** The label as it is kept, or null when it cannot be one. It can stand behind a user name and a plus sign. */
export function normalLabel(typed: string): string | null {
  const label = typed.normalize("NFC").replace(/\s+/g, " ").trim();
  return LABEL.test(label) ? label : null;
}

/** The user name and the label of `anna+phone@bm.localhost`; null where there is none. */
export function splitUsername(typed: string): { readonly name: string; readonly label: string | null } {
  const match = /^([^+@]*)\+([^@]*)(@.*)?$/.exec(typed.trim());
  if (match === null) return { name: typed, label: null };
  return { name: `${match[1]}${match[3] ?? ""}`, label: normalLabel(match[2] ?? "") ?? "" };
}
