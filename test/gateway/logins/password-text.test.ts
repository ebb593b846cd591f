import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type PasswordRecord,
  readPasswordRecord,
  writePasswordRecord,
} from "../../../src/gateway/logins/password-text.js";

const octets = (minLength = 0) => fc.uint8Array({ minLength, maxLength: 40 });
const number = fc.integer({ min: 1, max: 2 ** 30 });
const record: fc.Arbitrary<PasswordRecord> = fc.record({
  cost: fc.record({ N: number, r: number, p: number }),
  salt: octets(),
  hash: octets(1),
  scram: fc.option(
    fc.record({ iterations: number, salt: octets(), storedKey: octets(), serverKey: octets() }),
  ),
  decoy: fc.option(octets()),
});

test("what is written is read again", () => {
  fc.assert(fc.property(record, (one) => expect(readPasswordRecord(writePasswordRecord(one))).toEqual(one)));
});

test("whatever is no record is an error rather than a way in", () => {
  const refused = (text: string) => expect(() => readPasswordRecord(text)).toThrow("not a password hash");
  for (const text of [
    "",
    "md5$x",
    "scrypt$$",
    "scrypt$1$1$1$$",
    "scrypt$0$8$1$AA==$AA==",
    "scrypt$1e99$8$1$AA==$AA==",
  ])
    refused(text);
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes("scrypt$"));
      refused(text);
    }),
  );
});
