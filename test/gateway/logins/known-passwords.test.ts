import { expect, test } from "@jest/globals";
import { KnownPasswords } from "../../../src/gateway/logins/known-passwords.js";

test("a password that was right is known again, a wrong one is not", () => {
  const known = new KnownPasswords();
  expect(known.isRight("hash", "")).toBe(false);
  known.add("hash", "pässword");
  expect(known.isRight("hash", "pa\u0308ssword")).toBe(true);
  expect(known.isRight("hash", "pässwor")).toBe(false);
  expect(known.isRight("hash of the new one", "pässword")).toBe(false);
  for (let count = 0; count < 1000; count++) known.add(`hash ${count}`, "x");
  expect(known.isRight("hash", "pässword")).toBe(false);
});
