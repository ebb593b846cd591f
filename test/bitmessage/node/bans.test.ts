import { describe, expect, test } from "@jest/globals";
import { Bans } from "../../../src/bitmessage/node/bans.js";
import { customerOf } from "../../../src/bitmessage/protocol/host.js";

describe("bans", () => {
  test("a host is shut out after three faults, and let in again when they have faded", () => {
    const bans = new Bans();
    for (let fault = 0; fault < 2; fault++) bans.note("20.1.0.1", 0);
    expect(bans.has("20.1.0.1", 0)).toBe(false);
    bans.note("20.1.0.1", 0);
    expect(bans.has("20.1.0.1", 0)).toBe(true);
    expect(bans.has("20.1.0.1", 2000)).toBe(true);
    expect(bans.has("20.1.0.1", 2200)).toBe(false);
    expect(bans.excludes("20.1.0.2", 0)).toBe(false);
  });

  test("a network whose hosts misbehave one after the other is not let in, but can be called; whoever has an address there could have it shut out", () => {
    const bans = new Bans();
    for (let host = 0; host < 21; host++) bans.note(`20.1.0.${host}`, 0);
    expect(bans.excludes("20.1.200.1", 0)).toBe(true);
    expect(bans.has("20.1.200.1", 0)).toBe(false);
    expect(bans.excludes("20.2.0.1", 0)).toBe(false);
  });

  test("neither this machine nor a local network as a whole", () => {
    const bans = new Bans();
    for (let fault = 0; fault < 100; fault++) {
      bans.note("127.0.0.1", 0);
      bans.note("::1", 0);
      bans.note(`10.0.0.${fault}`, 0);
    }
    expect(["127.0.0.1", "::1", "10.0.1.1"].map((host) => bans.excludes(host, 0))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("one customer's network of IPv6 counts as one host", () => {
    const bans = new Bans();
    for (let fault = 0; fault < 3; fault++) bans.note(`2a01:4f8:1:2::${fault + 1}`, 0);
    expect(bans.has("2a01:4f8:1:2:ffff::9", 0)).toBe(true);
    expect(bans.has("2a01:4f8:1:3::1", 0)).toBe(false);
    expect(customerOf("fe80::1")).not.toBe(customerOf("fe80::2"));
    expect(customerOf("20.1.1.1")).not.toBe(customerOf("20.1.1.2"));
  });
});
