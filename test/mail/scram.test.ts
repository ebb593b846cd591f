import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  deriveScramKeys,
  inventScramKeys,
  parseClientFirst,
  ScramExchange,
  ScramSyntaxError,
} from "../../src/mail/scram.js";

const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const nonce = `rOprNGfwEbeRWgbNEkqO${serverNonce}`;
const proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

async function exchange(password = "pencil", clientFirst = first): Promise<ScramExchange> {
  return new ScramExchange(
    parseClientFirst(clientFirst),
    await deriveScramKeys(password, 4096, salt),
    serverNonce,
  );
}

describe("what is wrong", () => {
  test.each([
    ["nothing", ""],
    ["channel binding", "p=tls-unique,,n=user,r=abc"],
    ["no GS2 header", "n=user,r=abc"],
    ["a mandatory extension", "n,,m=1,n=user,r=abc"],
    ["no name", "n,,n=,r=abc"],
    ["no nonce", "n,,n=user,r="],
    ["a nonce with blanks", "n,,n=user,r=a b"],
    ["a wrong escape", "n,,n=us=er,r=abc"],
    ["a lower-case escape", "n,,n=us=2cer,r=abc"],
    ["a wrong escape in the authorization", "n,a=x=,n=user,r=abc"],
  ])("a first message with %s", (_, message) => {
    expect(() => parseClientFirst(message)).toThrow(ScramSyntaxError);
  });

  test.each([
    ["nothing", ""],
    ["no proof", `c=biws,r=${nonce}`],
    ["a short proof", `c=biws,r=${nonce},p=AAAA`],
    ["something behind the proof", `c=biws,r=${nonce},p=${proof},x=1`],
  ])("a last message with %s", async (_, message) => {
    const begun = await exchange();
    expect(() => begun.finish(message)).toThrow(ScramSyntaxError);
  });

  test.each([
    ["another nonce", `c=biws,r=rOprNGfwEbeRWgbNEkqO,p=${proof}`],
    ["another GS2 header", `c=eSws,r=${nonce},p=${proof}`],
    ["a proof of something else", `c=biws,r=${nonce},p=${"A".repeat(43)}=`],
  ])("%s", async (_, message) => {
    expect((await exchange()).finish(message)).toBeNull();
  });

  test("another password", async () => {
    expect((await exchange("pencils")).finish(`c=biws,r=${nonce},p=${proof}`)).toBeNull();
  });

  test("whatever comes, there is an answer", async () => {
    const begun = await exchange();
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        for (const message of [text, `n,,n=${text},r=${text}`]) {
          try {
            parseClientFirst(message);
          } catch (error) {
            expect(error).toBeInstanceOf(ScramSyntaxError);
          }
        }
        try {
          expect(begun.finish(`c=${text},r=${nonce},p=${proof}`)).toBeNull();
        } catch (error) {
          expect(error).toBeInstanceOf(ScramSyntaxError);
        }
      }),
    );
  });
});

test("the exchange of RFC 7677 section 3", async () => {
  const begun = await exchange();
  expect(begun.serverFirst).toBe(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  expect(begun.finish(`c=biws,r=${nonce},p=${proof}`)).toBe("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

test("names with commas, equals signs and an authorization", () => {
  expect(parseClientFirst("y,a=a=2Cb,n=a=2Cb=3Dc,r=abc,x=y")).toEqual({
    username: "a,b=c",
    authorization: "a,b",
    nonce: "abc",
    gs2Header: "y,a=a=2Cb,",
    bare: "n=a=2Cb=3Dc,r=abc,x=y",
  });
});

test("a password is the same however a keyboard wrote it", async () => {
  const keys = await deriveScramKeys("I\u00adX \u00aa", 4096, salt);
  expect(await deriveScramKeys("IX\u00a0a", 4096, salt)).toEqual(keys);
});

test("keys of nobody look like keys, are the same for a name, and differ by name and host", () => {
  const secret = new Uint8Array(32).fill(1);
  const keys = inventScramKeys(secret, "nobody", 4096);
  expect([keys.salt.length, keys.storedKey.length, keys.serverKey.length]).toEqual([16, 32, 32]);
  expect(inventScramKeys(secret, "nobody", 4096)).toEqual(keys);
  expect(inventScramKeys(secret, "nobody else", 4096).salt).not.toEqual(keys.salt);
  expect(inventScramKeys(new Uint8Array(32), "nobody", 4096).salt).not.toEqual(keys.salt);
});
