/** The very first start makes a login and an identity, so that there is something to connect with. */
import { randomInt } from "node:crypto";
import { userInfo } from "node:os";
import { isLoginName, LOGIN_NAME_RULE } from "../../gateway/logins/login-name.js";
import type { ControlMethods } from "../control/messages.js";
import type { SetupResult } from "./setup.js";

export interface FirstStart {
  readonly user: string;
  readonly password: string;
  readonly address: string;
}

export interface FirstNames {
  readonly user: string;
  readonly label: string;
}

/** Asks a person: what was typed, without blanks around it. */
export type Ask = (question: string) => Promise<string>;

export async function isFirstStart(methods: ControlMethods): Promise<boolean> {
  const users = (await methods["user.list"]?.({})) as readonly unknown[];
  return users.length === 0;
}

/** What the login and the first address are called where nobody can be asked. */
export function usualNames(): FirstNames {
  const user = usualName();
  return { user, label: user };
}

/** Asks what the login and the first address are to be called. */
export async function askNames(ask: Ask, tell: (text: string) => void): Promise<FirstNames> {
  tell(
    [
      "This is the first start: a login for your mail client and your first address are made.",
      "Enter takes what stands in brackets.\n\n",
    ].join("\n"),
  );
  const user = await askUser(ask, tell);
  const label = (await ask(`Label of your address, which nobody else sees [${user}]: `)) || user;
  tell("\n");
  return { user, label };
}

async function askUser(ask: Ask, tell: (text: string) => void): Promise<string> {
  const usual = usualName();
  for (;;) {
    const user = (await ask(`Name of the login [${usual}]: `)).toLowerCase() || usual;
    if (isLoginName(user)) return user;
    tell(`A login ${LOGIN_NAME_RULE}.\n`);
  }
}

export async function makeFirst(methods: ControlMethods, { user, label }: FirstNames): Promise<FirstStart> {
  const password = makePassword();
  const made = (await methods["setup"]?.({ user, password, identity: label })) as SetupResult;
  return { user, password, address: made.identities[0]?.address ?? "" };
}

/** The system's name for the person. */
function usualName(): string {
  try {
    const name = userInfo().username.toLowerCase();
    const kept = name.replace(/[^a-z0-9._-]/g, "");
    if (isLoginName(kept)) return kept;
  } catch {
    // In a container there may be no entry for the user.
  }
  return "me";
}

/** About 79 bits in four groups that can be typed; no letters that look alike. */
function makePassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const group = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join("");
  return Array.from({ length: 4 }, group).join("-");
}
