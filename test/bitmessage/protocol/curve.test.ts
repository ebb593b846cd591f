import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex } from "../../../src/bitmessage/protocol/bytes.js";
import {
  type Curve,
  curve,
  givesKnownAnswers,
  loadNativeCurve,
  nobleCurve,
  nodeCurve,
} from "../../../src/bitmessage/protocol/curve.js";
import {
  checkSignature,
  compactSignature,
  sign,
  verify,
} from "../../../src/bitmessage/protocol/signature.js";
import { bytes, codeOf, damaged, flipped, seededRandom, survives } from "./support.js";

const native = loadNativeCurve();
const others: Curve[] = native === null ? [nodeCurve] : [nodeCurve, native];
const privateKeys = bytes(32, 32).map((key) => {
  key[0] = 1;
  return key;
});
const runs = { numRuns: 20 };

test("a curve is used only if it gives the known answers", () => {
  for (const one of [nobleCurve, ...others]) expect(givesKnownAnswers(one)).toBe(true);
  expect(givesKnownAnswers({ ...nobleCurve, verify: () => true })).toBe(false);
  const withoutSha1: Curve = {
    ...nobleCurve,
    verify: (message, digest, ...rest) => digest !== "sha1" && nobleCurve.verify(message, digest, ...rest),
  };
  expect(givesKnownAnswers(withoutSha1)).toBe(false);
  expect(givesKnownAnswers({ ...nobleCurve, publicKey: () => new Uint8Array(65) })).toBe(false);
});

test("a native library that is missing or broken is passed over in silence", () => {
  const missing = () => {
    throw new Error("Cannot find module");
  };
  expect(loadNativeCurve(missing)).toBeNull();
  expect(loadNativeCurve(() => ({}))).toBeNull();
  expect(loadNativeCurve(() => ({ publicKeyCreate: () => new Uint8Array(65) }))).toBeNull();
});

test("the fastest that is there is used", () => {
  expect(curve.name).toBe(native === null ? "node" : "native");
});

describe.each(others.map((other) => [other.name, other] as const))(
  "%s agrees with noble on",
  (_name, other) => {
    test("public keys and shared secrets", () => {
      fc.assert(
        fc.property(privateKeys, privateKeys, (own, foreign) => {
          const publicKey = nobleCurve.publicKey(foreign);
          expect(other.publicKey(foreign)).toEqual(publicKey);
          const sharedX = nobleCurve.sharedX(own, publicKey);
          expect(other.sharedX(own, publicKey)).toEqual(sharedX);
          expect(other.prepare([foreign, own])(publicKey)(1)).toEqual(sharedX);
        }),
        runs,
      );
    });

    test("signatures, with both digests, and with high and low S", () => {
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      fc.assert(
        fc.property(
          privateKeys,
          bytes(),
          fc.constantFrom("sha1" as const, "sha256" as const),
          (key, message, digest) => {
            const signature = nobleCurve.sign(message, digest, key);
            expect(other.sign(message, digest, key)).toEqual(signature);
            const publicKey = nobleCurve.publicKey(key);
            const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
            const high = Uint8Array.from(signature);
            high.set(fromHex((order - s).toString(16).padStart(64, "0")), 32);
            for (const one of [nobleCurve, other]) {
              expect(one.verify(message, digest, signature, publicKey)).toBe(true);
              expect(one.verify(message, digest, high, publicKey)).toBe(true);
              expect(one.verify(message, digest, flipped(signature, 40), publicKey)).toBe(false);
              expect(one.verify(flipped(Uint8Array.of(0, ...message), 0), digest, signature, publicKey)).toBe(
                false,
              );
            }
          },
        ),
        runs,
      );
    });

    test("what is no key and no point", () => {
      const good = nobleCurve.publicKey(new Uint8Array(32).fill(1));
      const bad = [
        new Uint8Array(65),
        new Uint8Array(0),
        good.slice(0, 64),
        good.slice(0, 33),
        flipped(good, 64),
        flipped(good, 0, 2),
        Uint8Array.of(...good, 0),
        new Uint8Array(65).fill(255),
      ];
      for (const one of [nobleCurve, other]) {
        expect(one.isPoint(good)).toBe(true);
        for (const publicKey of bad) {
          expect(one.isPoint(publicKey)).toBe(false);
          expect(codeOf(() => one.sharedX(new Uint8Array(32).fill(1), publicKey))).toBe("invalid_point");
        }
        for (const key of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31).fill(1)]) {
          expect(codeOf(() => one.publicKey(key))).toBe("invalid_private_key");
          expect(codeOf(() => one.sharedX(key, good))).toBe("invalid_private_key");
          expect(codeOf(() => one.prepare([key]))).toBe(
            one === nobleCurve ? "no error" : "invalid_private_key",
          );
          expect(codeOf(() => one.sign(good, "sha256", key))).toBe("invalid_private_key");
        }
      }
    });
  },
);

describe("signatures", () => {
  const random = seededRandom("signatures");
  const key = random(32);
  const publicKey = curve.publicKey(key);

  test("round trip with either digest", () => {
    fc.assert(
      fc.property(bytes(), fc.constantFrom("sha1" as const, "sha256" as const), (message, digest) => {
        const der = sign(message, key, digest);
        expect(der.length).toBeLessThanOrEqual(72);
        expect(verify(message, der, publicKey)).toBe(true);
        expect(checkSignature(message, der, publicKey, [digest === "sha1" ? "sha256" : "sha1"])).toBe(
          "signature_mismatch",
        );
      }),
      runs,
    );
  });

  test("damaged ones never fit and never throw", () => {
    const message = random(50);
    const der = sign(message, key);
    fc.assert(
      fc.property(fc.oneof(bytes(80), damaged(der)), (candidate) => {
        fc.pre(Buffer.compare(candidate, der) !== 0);
        expect(verify(message, candidate, publicKey)).toBe(false);
        survives(() => compactSignature(candidate));
      }),
    );
    fc.assert(fc.property(bytes(70), (wrongKey) => expect(verify(message, der, wrongKey)).toBe(false)));
  });
});
