import { beforeEach, describe, expect, test } from "@jest/globals";
import { Sessions } from "../../../../src/app/web/page/sessions.js";

const HOUR = 3600_000;
let now: number;
let hashes: Map<string, string>;
let sessions: Sessions;

beforeEach(() => {
  now = 1_000_000;
  hashes = new Map([["anna", "hash"]]);
  sessions = new Sessions({ passwordHashOf: (user) => hashes.get(user) ?? null, now: () => now });
});

describe("a session", () => {
  test("is found by its cookie only, and has a form token of its own", () => {
    const id = sessions.begin("anna");
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(sessions.find(id)?.user).toBe("anna");
    expect(sessions.find(null)).toBeNull();
    expect(sessions.find(`${id}x`)).toBeNull();
    expect(sessions.find(sessions.begin("anna"))?.formToken).not.toBe(sessions.find(id)?.formToken);
  });

  test("ends after an hour of silence, and after twelve in any case", () => {
    const idle = sessions.begin("anna");
    now += HOUR + 1;
    expect(sessions.find(idle)).toBeNull();
    const busy = sessions.begin("anna");
    for (let hour = 0; hour < 12; hour++) {
      now += HOUR - 1;
      expect(sessions.find(busy)).not.toBeNull();
    }
    now += HOUR - 1;
    expect(sessions.find(busy)).toBeNull();
  });

  test("ends with the log-out, with the password, with the user", () => {
    const [first, second, third] = [sessions.begin("anna"), sessions.begin("anna"), sessions.begin("gone")];
    sessions.end(first);
    expect(sessions.find(first)).toBeNull();
    hashes.set("anna", "other");
    expect(sessions.find(second)).toBeNull();
    expect(sessions.find(third)).toBeNull();
  });

  test("those used least are forgotten when there are too many", () => {
    const old = sessions.begin("anna");
    const used = sessions.begin("anna");
    for (let count = 0; count < 198; count++) sessions.begin("anna");
    sessions.find(used);
    sessions.begin("anna");
    expect(sessions.find(old)).toBeNull();
    expect(sessions.find(used)).not.toBeNull();
  });
});

test("a login form is ours, and not older than an hour", () => {
  const token = sessions.loginToken();
  expect(sessions.isLoginToken(token)).toBe(true);
  for (const wrong of ["", ".", token.slice(1), token.replace(/^\d+/, "9999999"), `${token}x`])
    expect(sessions.isLoginToken(wrong)).toBe(false);
  now += HOUR + 1;
  expect(sessions.isLoginToken(token)).toBe(false);
});
