import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  decodeHost,
  encodeHost,
  isPrivateHost,
  isPublicHost,
  networkGroup,
} from "../../../src/bitmessage/protocol/host.js";
import { bytes, codeOf, survives } from "./support.js";

describe("hosts", () => {
  test("16 bytes always have a text, and the text the same bytes", () => {
    fc.assert(
      fc.property(bytes(16, 16), (raw) => {
        expect(encodeHost(decodeHost(raw))).toEqual(raw);
      }),
    );
    const zeros = bytes(16, 16).map((raw) => raw.map((byte) => (byte % 3 === 0 ? byte : 0)));
    fc.assert(fc.property(zeros, (raw) => expect(encodeHost(decodeHost(raw))).toEqual(raw)));
  });

  test("onion names of both lengths", () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 56), bytes(56, 56), (length, letters) => {
        const name = Array.from(
          letters.subarray(0, length),
          (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte % 32],
        );
        const host = `${name.join("")}.onion`;
        expect(decodeHost(encodeHost(host.toUpperCase()))).toBe(host);
        expect(isPublicHost(host)).toBe(true);
        expect(isPrivateHost(host)).toBe(false);
        expect(networkGroup(host)).toBe(host);
      }),
    );
  });

  test.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["::", "::"],
  ])("%s is written %s", (text, canonical) => {
    expect(decodeHost(encodeHost(text))).toBe(canonical);
  });

  test.each(["", "example.org", "1.2.3", "1.2.3.256", "fe80::1%eth0", "short.onion", "[::1]", "::1::"])(
    "%j has no bytes",
    (text) => {
      expect(codeOf(() => encodeHost(text))).toBe("invalid_host");
      expect(isPublicHost(text)).toBe(false);
      expect(isPrivateHost(text)).toBe(false);
      expect(networkGroup(text)).toBe(text);
    },
  );

  test("any text and any bytes are survived", () => {
    fc.assert(fc.property(fc.string(), (text) => survives(() => encodeHost(text))));
    fc.assert(fc.property(bytes(50), (raw) => survives(() => decodeHost(raw))));
  });

  test.each([
    "0.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "::",
    "ff02::1",
    "fd00::1",
  ])("%s is not learned from the network", (host) => expect(isPublicHost(host)).toBe(false));

  test.each(["100.63.255.255", "100.128.0.0", "172.32.0.1", "223.255.255.255", "fec0::1", "2001:db8::1"])(
    "%s is public",
    (host) => expect(isPublicHost(host)).toBe(true),
  );

  test("groups are the first 16 bits of IPv4 and the first 32 of IPv6", () => {
    expect(networkGroup("1.2.3.4")).toBe(networkGroup("1.2.200.1"));
    expect(networkGroup("1.2.3.4")).not.toBe(networkGroup("1.3.3.4"));
    expect(networkGroup("2001:db8:1::1")).toBe(networkGroup("2001:db8:2::1"));
    expect(networkGroup("10.0.0.1")).toBe(networkGroup("192.168.1.1"));
  });
});
