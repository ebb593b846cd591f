import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { createTrialDecryptor, decrypt, encrypt } from "../../../src/bitmessage/protocol/ecies.js";
import { keyPair } from "../../../src/bitmessage/protocol/keys.js";
import { bytes, codeOf, damaged, seededRandom, survives } from "./support.js";

const random = seededRandom("ecies");
const keys = Array.from({ length: 5 }, () => keyPair(random(32)));
const [own] = keys;

describe("encryption", () => {
  test("round trip, 118 bytes and the padding longer", () => {
    fc.assert(
      fc.property(bytes(), fc.nat(4), (plaintext, index) => {
        const encrypted = encrypt(plaintext, keys[index]!.publicKey, random);
        expect(encrypted.length).toBe(118 + 16 * Math.floor(plaintext.length / 16 + 1));
        expect(decrypt(encrypted, keys[index]!.privateKey)).toEqual(plaintext);
        expect(createTrialDecryptor(keys).tryDecrypt(encrypted)).toEqual({ index, plaintext });
        const others = keys.filter((_, other) => other !== index);
        expect(createTrialDecryptor(others).tryDecrypt(encrypted)).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  test("never writes an ephemeral coordinate that starts with a zero byte", () => {
    // The X of this key starts with zero: it must be drawn again.
    const short = Uint8Array.from(
      Buffer.from("37cef1d574bd266b8eb6aa2ae6c72edd0cd207ee5a18bae690c97e184e4cafb1", "hex"),
    );
    const draws = [new Uint8Array(16), new Uint8Array(32), short, new Uint8Array(32).fill(7)];
    const encrypted = encrypt(new Uint8Array(3), own!.publicKey, () => draws.shift()!);
    expect(draws).toHaveLength(0);
    expect(encrypted[20]).not.toBe(0);
    expect(decrypt(encrypted, own!.privateKey)).toEqual(new Uint8Array(3));
  });

  test("damaged or foreign bytes never decrypt, and only ProtocolError comes out", () => {
    const encrypted = encrypt(random(40), own!.publicKey, random);
    const decryptor = createTrialDecryptor(keys);
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(encrypted)), (candidate) => {
        fc.pre(Buffer.compare(candidate, encrypted) !== 0);
        expect(codeOf(() => decrypt(candidate, own!.privateKey))).not.toBe("no error");
        expect(decryptor.tryDecrypt(candidate)).toBeNull();
      }),
    );
  });

  test("errors name neither key nor content", () => {
    const encrypted = encrypt(new TextEncoder().encode("secret text"), own!.publicKey, random);
    expect(() => decrypt(encrypted, keys[1]!.privateKey)).toThrow(/^mac_mismatch$/);
  });

  test("without keys nothing is tried; a key out of range is refused at once", () => {
    expect(createTrialDecryptor([]).tryDecrypt(random(200))).toBeNull();
    survives(() => createTrialDecryptor([{ privateKey: new Uint8Array(32) }]));
    expect(codeOf(() => encrypt(new Uint8Array(1), new Uint8Array(65), random))).toBe("invalid_point");
  });

  test("the same key twice is found where it is first", () => {
    const encrypted = encrypt(Uint8Array.of(1), own!.publicKey, random);
    expect(createTrialDecryptor([keys[1]!, own!, own!]).tryDecrypt(encrypted)?.index).toBe(1);
  });

  test("views into larger memory are read right", () => {
    const encrypted = encrypt(Uint8Array.of(1, 2), own!.publicKey, random);
    const shifted = concatBytes(new Uint8Array(5), encrypted, new Uint8Array(5)).subarray(
      5,
      5 + encrypted.length,
    );
    expect(decrypt(shifted, own!.privateKey)).toEqual(Uint8Array.of(1, 2));
  });
});
