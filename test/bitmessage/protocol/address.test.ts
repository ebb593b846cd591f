import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addressSecrets, decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { decodeBase58, encodeBase58 } from "../../../src/bitmessage/protocol/base58.js";
import {
  chanIdentity,
  deterministicIdentities,
  generateIdentityKeys,
  identityKeys,
  joinChan,
  keyPair,
} from "../../../src/bitmessage/protocol/keys.js";
import { decodeWif, encodeWif } from "../../../src/bitmessage/protocol/wif.js";
import { bytes, codeOf, seededRandom, survives } from "./support.js";

const ripes = fc
  .tuple(fc.nat(16), bytes(20, 20))
  .map(([zeros, ripe]) => Uint8Array.from(ripe, (byte, index) => (index < zeros ? 0 : byte || 1)));

describe("addresses", () => {
  test("round trip for every version, stream and number of leading zeros", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(70_000), ripes, (version, stream, ripe) => {
        const address = encodeAddress(version, stream, ripe);
        const decoded = decodeAddress(` ${address}\n`);
        expect(decoded).toEqual({ version, stream, ripe, address });
        expect(decodeAddress(address.slice(3)).address).toBe(address);
      }),
    );
  });

  test("one changed letter never gives another address", () => {
    const address = "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r";
    const letters = fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl");
    fc.assert(
      fc.property(fc.integer({ min: 3, max: address.length - 1 }), letters, (position, letter) => {
        fc.pre(address[position] !== letter);
        const changed = address.slice(0, position) + letter + address.slice(position + 1);
        expect(["bad_checksum", "invalid_character"]).toContain(codeOf(() => decodeAddress(changed)));
      }),
    );
  });

  test("any text is an address or a ProtocolError", () => {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => survives(() => decodeAddress(text))));
    survives(() => decodeAddress("z".repeat(1_000_000)));
    expect(codeOf(() => decodeAddress("z".repeat(1_000_000)))).toBe("too_large");
  });

  test("are not made of the wrong parts", () => {
    expect(codeOf(() => encodeAddress(1, 1, new Uint8Array(20)))).toBe("unsupported_version");
    expect(codeOf(() => encodeAddress(5, 1, new Uint8Array(20)))).toBe("unsupported_version");
    expect(codeOf(() => encodeAddress(4, 1, new Uint8Array(19)))).toBe("wrong_length");
  });

  test("have a tag in version 4 only", () => {
    const ripe = new Uint8Array(20).fill(7);
    expect(addressSecrets({ version: 3, stream: 1, ripe }).tag).toBeNull();
    expect(addressSecrets({ version: 4, stream: 1, ripe }).tag).toHaveLength(32);
  });
});

describe("base58", () => {
  test("round trip", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (integer) => {
        expect(decodeBase58(encodeBase58(integer))).toBe(integer);
      }),
    );
  });
});

describe("private keys as text", () => {
  test("round trip", () => {
    fc.assert(
      fc.property(bytes(32, 32), (key) => {
        expect(encodeWif(key)).toMatch(/^5.{50}$/);
        expect(decodeWif(` ${encodeWif(key)}\n`)).toEqual(key);
      }),
    );
  });

  test("any other text is refused, without repeating it", () => {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => survives(() => decodeWif(text))));
    const secret = encodeWif(new Uint8Array(32).fill(9));
    const broken = `${secret.slice(0, -1)}1`;
    expect(() => decodeWif(broken)).toThrow(/^bad_checksum$/);
  });
});

describe("identities", () => {
  test.each([
    new Uint8Array(32),
    new Uint8Array(32).fill(255),
    new Uint8Array(31).fill(1),
    new Uint8Array(0),
  ])("a private key out of range is refused", (key) => {
    expect(codeOf(() => keyPair(key))).toBe("invalid_private_key");
    expect(codeOf(() => identityKeys(key, new Uint8Array(32).fill(1)))).toBe("invalid_private_key");
  });

  test("new random ones start with the wanted zero byte and depend on the randomness alone", () => {
    const keys = generateIdentityKeys(seededRandom("a"), { nullBytes: 1 });
    expect(keys.ripe[0]).toBe(0);
    expect(generateIdentityKeys(seededRandom("a"), { nullBytes: 1 })).toEqual(keys);
    expect(generateIdentityKeys(seededRandom("b"), { nullBytes: 1 }).ripe).not.toEqual(keys.ripe);
  });

  test("of a passphrase go on and on, text and bytes alike", () => {
    const fromText = deterministicIdentities("Grüße ", { nullBytes: 1 });
    const fromBytes = deterministicIdentities(new TextEncoder().encode("Grüße "), { nullBytes: 1 });
    const first = fromText.next().value;
    expect(fromBytes.next().value).toEqual(first);
    expect(fromText.next().value.signingNonce).toBeGreaterThan(first.signingNonce);
  });

  test("a chan is joined with the right name only", () => {
    const chan = chanIdentity("general");
    expect(chan.address).toBe("BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r");
    expect(joinChan("general", decodeAddress(chan.address))).toEqual(chan);
    expect(codeOf(() => joinChan("general ", decodeAddress(chan.address)))).toBe(
      "passphrase_does_not_match_address",
    );
  });
});
