import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Address } from "../../src/bitmessage/protocol/address.js";
import { ownIdentityOf } from "../../src/gateway/own-identity.js";
import type { NewMessage } from "../../src/mail/imap/backend.js";
import { digestMessage } from "../../src/mail/imap/make-digest.js";
import { addressOf, mailOf } from "./world.js";

const [one, two] = [addressOf("one"), addressOf("two")];
const isOwn = (address: Address) => address === one || address === two;

function identityIn(bytes: Uint8Array): Address | null {
  const message: NewMessage = { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
  return ownIdentityOf(message, isOwn);
}

test("the sender's, else the recipient's; what only looks like an address of ours is nobody's", () => {
  const bob = addressOf("bob");
  expect(identityIn(mailOf(`From: <${one}@x>`, `To: ${two}@x`, "", ""))).toBe(one);
  expect(identityIn(mailOf(`From: <${bob}@x>`, `To: ${bob}@x, "Me" <${two}+tag@x>`, "", ""))).toBe(two);
  expect(identityIn(mailOf(`To: ${bob}@x`, `Cc: friends: ${one}@x;`, "", ""))).toBe(one);
  expect(identityIn(mailOf(`Subject: From: ${one}@x`, "", `From: ${one}@x`))).toBeNull();
  expect(identityIn(mailOf(`From: "${one}" <somebody@x>`, "", ""))).toBeNull();
  expect(identityIn(mailOf(`From: ${one.toLowerCase()}@x`, "", ""))).toBeNull();
  const many = Array.from({ length: 5000 }, (_, index) => `${addressOf(`${index}`)}@x`).join(",\r\n ");
  expect(identityIn(mailOf(`To: ${many}`, `Cc: ${two}@x`, "", ""))).toBe(null);
});

test("whatever is appended: an own identity or none", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (from, to) => {
      expect([one, two, null]).toContain(identityIn(mailOf(`From: ${from}`, `To: ${to} ${one}`, "", "")));
    }),
  );
});
