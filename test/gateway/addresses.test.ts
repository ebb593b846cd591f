import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeAddress } from "../../src/bitmessage/protocol/address.js";
import { slug } from "../../src/gateway/addresses.js";
import type { SmtpError } from "../../src/mail/smtp/error.js";
import { addressOf, createWorld, DOMAIN, identityOf, START, type World } from "./world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { name, responseCode, enhancedCode, message } = error as SmtpError;
    return `${name} ${responseCode} ${enhancedCode} ${message}`;
  }
  return "nothing was refused";
}

const resolve = (mail: string, user = "anna") => world.addresses.resolve(user, mail);
const bob = addressOf("bob");

describe("what is refused", () => {
  test("an ordinary mail address, with a word on where to write", () => {
    expect(refusal(() => resolve("bob@example.com"))).toMatch(
      /^SmtpError 550 5\.1\.2 .*BM-\.\.\.@bm\.localhost/,
    );
    expect(refusal(() => resolve("broadcast@example.com"))).toMatch(/ 5\.1\.2 /);
  });

  test("a wrong checksum, a letter that never occurs, an unknown version, another stream", () => {
    expect(refusal(() => resolve(`${bob.slice(0, -1)}${bob.endsWith("a") ? "b" : "a"}@${DOMAIN}`))).toMatch(
      /550 5\.1\.1 .*checksum/,
    );
    expect(refusal(() => resolve(`BM-0OIl@${DOMAIN}`))).toMatch(/550 5\.1\.3/);
    expect(refusal(() => resolve(`BM-@${DOMAIN}`))).toMatch(/550 5\.1\.[13]/);
    const elsewhere = encodeAddress(4, 2, new Uint8Array(20).fill(7));
    expect(refusal(() => resolve(`${elsewhere}@${DOMAIN}`))).toMatch(/550 5\.1\.1 .*stream 2/);
  });

  test("labels that nobody or that two have, and administration", () => {
    expect(refusal(() => resolve(`nobody@${DOMAIN}`))).toMatch(/550 5\.1\.1/);
    world.stores.contacts.save({ user: "anna", address: bob, label: "Bob", blocked: false });
    world.stores.contacts.save({
      user: "anna",
      address: addressOf("other bob"),
      label: "bob",
      blocked: false,
    });
    expect(refusal(() => resolve(`bob@${DOMAIN}`))).toMatch(/550 5\.1\.1 Several/);
    for (const written of [`bridge@${DOMAIN}`, "bridge", `Bridge+x@${DOMAIN.toUpperCase()}`])
      expect(resolve(written)).toEqual({ kind: "bridge" });
    expect(refusal(() => resolve("bridge@example.com"))).toMatch(/550 5\.1\.2/);
  });

  test("the identities of others, as a label and as a sender", () => {
    const berta = addressOf("berta");
    world.stores.identities.save(identityOf(berta, { user: "berta", label: "Berta" }));
    expect(refusal(() => resolve(`berta@${DOMAIN}`))).toMatch(/550 5\.1\.1/);
    for (const sender of ["", "x@example.com", `${berta}@${DOMAIN}`, `${bob}@${DOMAIN}`, `berta@${DOMAIN}`]) {
      expect(refusal(() => world.addresses.resolveSender("anna", sender))).toMatch(/550 5\.7\.1/);
    }
  });

  test("a disabled identity as a sender", () => {
    world.stores.identities.save(identityOf(world.own, { enabled: false }));
    expect(refusal(() => world.addresses.resolveSender("anna", `${world.own}@${DOMAIN}`))).toMatch(
      /550 5\.7\.1 .*disabled/,
    );
  });

  test("whatever is written: a refusal in SMTP's words of printable ASCII, or a destination", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((text) => `BM-${text}@${DOMAIN}`),
        ),
        (text) => {
          const result = refusal(() => resolve(text));
          expect(result).toMatch(/^(?:SmtpError 550 5\.1\.[123] [ -~]+|nothing was refused)$/);
        },
      ),
    );
  });
});

describe("what is understood", () => {
  test("an address at any domain, with a tag, with a quoted local part", () => {
    const expected = { kind: "address", address: bob };
    for (const mail of [
      `${bob}@${DOMAIN}`,
      `${bob}@bm.addr`,
      `${bob}@BITMESSAGE`,
      `${bob}+tag@${DOMAIN}`,
      `"${bob}"@x`,
      bob,
    ]) {
      expect(resolve(mail)).toEqual(expected);
    }
  });

  test("an address in the wrong case, when it is known: own, contact, followed, or once written to", () => {
    const folded = `${bob.toLowerCase()}@${DOMAIN}`;
    expect(refusal(() => resolve(folded))).toMatch(/550 5\.1\.[13]/);
    const thread = {
      messageId: "a@b",
      hash: null,
      baseSubject: "",
      excerpt: "",
      references: [],
      time: START,
    };
    world.stores.threads.remember({ ...thread, user: "anna", correspondent: bob });
    expect(resolve(folded)).toEqual({ kind: "address", address: bob });
    expect(refusal(() => resolve(folded, "berta"))).toMatch(/550/);
    expect(resolve(`${world.own.toUpperCase()}@${DOMAIN}`)).toEqual({ kind: "address", address: world.own });
  });

  test("labels as slugs", () => {
    expect(resolve(`anna-at-home@${DOMAIN}`)).toEqual({ kind: "address", address: world.own });
    expect(resolve(`Broadcast@${DOMAIN}`)).toEqual({ kind: "broadcast" });
    expect(slug("  Größe / 2 ")).toBe("größe-2");
    expect(world.addresses.resolveSender("anna", `anna-at-home@${DOMAIN}`).address).toBe(world.own);
  });
});

test("labels lose what could deceive", () => {
  world.stores.contacts.save({
    user: "anna",
    address: bob,
    label: "Bob\u202e\r\nBcc: x\u0000",
    blocked: false,
  });
  expect(world.addresses.labelOf("anna", bob)).toBe("Bob Bcc: x");
  expect(world.addresses.labelOf("anna", addressOf("nobody"))).toBeNull();
});
