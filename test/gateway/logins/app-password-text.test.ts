import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  appPasswordVerifier,
  makeAppPassword,
  normalAppPassword,
  normalLabel,
  splitUsername,
} from "../../../src/gateway/logins/app-password-text.js";
import { isLoginName } from "../../../src/gateway/logins/login-name.js";

test("an app password is five groups of five, another each time, and is found however it is typed", () => {
  const made = new Set(Array.from({ length: 500 }, makeAppPassword));
  expect(made.size).toBe(500);
  for (const one of made) {
    expect(one).toMatch(/^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){4}$/);
    for (const typed of [one, one.replaceAll("-", ""), one.toUpperCase(), ` ${one.replaceAll("-", " ")}\t`])
      expect(normalAppPassword(typed)).toBe(one);
  }
});

test("nothing else is one", () => {
  const made = makeAppPassword();
  for (const typed of ["", "x", made.slice(1), `${made}a`, made.replace(/^./, "1"), made.replace(/^./, "ä")])
    expect(normalAppPassword(typed)).toBeNull();
  expect(normalAppPassword("a".repeat(1_000_000))).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const normal = normalAppPassword(text);
      if (normal !== null) expect(normalAppPassword(normal)).toBe(normal);
    }),
  );
});

test("the same password of two logins is kept in two ways", () => {
  const [anna, berta] = ["anna", "berta"].map((user) => appPasswordVerifier(user, "x"));
  expect(anna).toHaveLength(32);
  expect(anna).not.toEqual(berta);
});

test("a label can stand behind a name, and is what it was", () => {
  for (const label of ["phone", "My Tablet", "Büro 2", "k-9.mail_1"]) expect(normalLabel(label)).toBe(label);
  expect(normalLabel("  two \t words ")).toBe("two words");
  for (const label of ["", " ", "-x", "a@b", "a+b", "a\0b", "a:b", "x".repeat(65), "a\u202eb"])
    expect(normalLabel(label)).toBeNull();
  const names = fc
    .string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."abc019._-") })
    .filter(isLoginName);
  fc.assert(
    fc.property(
      names,
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("", "@bm.localhost"),
      (name, text, domain) => {
        const label = normalLabel(text);
        fc.pre(label !== null);
        expect(normalLabel(label!)).toBe(label);
        expect(splitUsername(`${name}+${label}${domain}`)).toEqual({ name: `${name}${domain}`, label });
      },
    ),
  );
});

test("a name without a label is as it was; a label that cannot be is nobody's", () => {
  for (const name of ["anna", "Anna@bm.localhost", "BM-2cT@x", "a@b+c", ""])
    expect(splitUsername(name)).toEqual({ name, label: null });
  expect(splitUsername("anna+")).toEqual({ name: "anna", label: "" });
  expect(splitUsername("anna+-")).toEqual({ name: "anna", label: "" });
});
