import { beforeEach, describe, expect, test } from "@jest/globals";
import { Sessions } from "../../../../src/app/web/page/sessions.js";
import { LoginSessions } from "../../../../src/gateway/logins/login-sessions.js";

const HOUR = 3600_000;
let now: number;
let open: LoginSessions;
const anna = { name: "anna" };
let sessions: Sessions;

beforeEach(() => {
  now = 1_000_000;
  open = new LoginSessions();
  sessions = new Sessions({ begun: (user, end) => open.begin(user, end), now: () => now });
});

describe("a session", () => {
  test("is found by its cookie only, and has a form token of its own", () => {
    const id = sessions.begin(anna);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(sessions.find(id)?.user).toBe("anna");
    expect(sessions.find(null)).toBeNull();
    expect(sessions.find(`${id}x`)).toBeNull();
    expect(sessions.find(sessions.begin(anna))?.formToken).not.toBe(sessions.find(id)?.formToken);
  });

  test("ends after an hour of silence, and after twelve in any case", () => {
    const idle = sessions.begin(anna);
    now += HOUR + 1;
    expect(sessions.find(idle)).toBeNull();
    const busy = sessions.begin(anna);
    for (let hour = 0; hour < 12; hour++) {
      now += HOUR - 1;
      expect(sessions.find(busy)).not.toBeNull();
    }
    now += HOUR - 1;
    expect(sessions.find(busy)).toBeNull();
  });

  test("is worth nothing to another user of the machine, who has got the cookie, and goes on for its own", () => {
    const id = sessions.begin(anna, 1000);
    for (const localUser of [1001, 0, null]) expect(sessions.find(id, { localUser })).toBeNull();
    expect(sessions.find(id, { localUser: 1000 })?.user).toBe("anna");
    const elsewhere = sessions.begin(anna);
    expect(sessions.find(elsewhere, { localUser: 1000 })).toBeNull();
    expect(sessions.find(elsewhere)?.user).toBe("anna");
  });

  test("ends after an hour without a person, also where a page lies open and asks by itself", () => {
    const id = sessions.begin(anna);
    for (let second = 0; second < 3600; second += 60) {
      now += 60_000;
      expect(sessions.find(id, { asker: "script" })).not.toBeNull();
    }
    now += 1;
    expect(sessions.find(id, { asker: "script" })).toBeNull();
  });

  test("ends with the log-out, with the password it began with, with the user", () => {
    const [first, second] = [sessions.begin(anna), sessions.begin(anna)];
    const byApp = sessions.begin({ name: "anna", appPassword: "tablet" });
    const other = sessions.begin({ name: "berta" });
    sessions.end(first);
    expect(sessions.find(first)).toBeNull();
    open.endOfPassword("anna");
    expect(sessions.find(second)).toBeNull();
    expect(sessions.find(byApp)?.access).toBe("app-password");
    open.endOfAppPassword("anna", "tablet");
    expect(sessions.find(byApp)).toBeNull();
    expect(sessions.find(other)?.access).toBe("password");
    open.endOfLogin("berta");
    expect(sessions.find(other)).toBeNull();
  });

  test("those used least are forgotten when there are too many", () => {
    const old = sessions.begin(anna);
    const used = sessions.begin(anna);
    for (let count = 0; count < 198; count++) sessions.begin(anna);
    sessions.find(used);
    sessions.begin(anna);
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
