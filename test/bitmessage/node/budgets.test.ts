import { describe, expect, test } from "@jest/globals";
import { ALLOWANCES, Budgets } from "../../../src/bitmessage/node/budgets.js";

describe("budgets", () => {
  test("a burst passes at once, and what is over has to be waited for", () => {
    const budgets = new Budgets(0);
    const { burst, perSecond } = ALLOWANCES.packets;
    budgets.spend("packets", burst);
    expect(budgets.overdraft(0)).toBe(0);
    budgets.spend("packets", perSecond * 3);
    expect(budgets.overdraft(0)).toBeCloseTo(3);
    expect(budgets.overdraft(3)).toBeCloseTo(0);
  });

  test("the longest wait of all kinds counts", () => {
    const budgets = new Budgets(0);
    budgets.spend("objects", ALLOWANCES.objects.burst + 5 * ALLOWANCES.objects.perSecond);
    budgets.spend("bytes", ALLOWANCES.bytes.burst + ALLOWANCES.bytes.perSecond);
    expect(budgets.overdraft(0)).toBeCloseTo(5);
  });

  test("they refill, but to no more than a burst", () => {
    const budgets = new Budgets(0);
    budgets.spend("objects", 10);
    expect(budgets.overdraft(1_000_000)).toBe(0);
    budgets.spend("objects", ALLOWANCES.objects.burst + ALLOWANCES.objects.perSecond);
    expect(budgets.overdraft(1_000_000)).toBeCloseTo(1);
  });

  test("a peer that does nothing but overdraw is found out within minutes", () => {
    const budgets = new Budgets(0);
    budgets.spend("packets", ALLOWANCES.packets.burst);
    let now = 0;
    while (!budgets.isAbused && now < 3600) {
      budgets.spend("packets", ALLOWANCES.packets.perSecond * 5);
      now += budgets.overdraft(now);
    }
    expect(now).toBeGreaterThan(200);
    expect(now).toBeLessThan(600);
  });

  test("one that overdraws now and then is not", () => {
    const budgets = new Budgets(0);
    let now = 0;
    for (let hour = 0; hour < 100; hour++) {
      budgets.spend("packets", ALLOWANCES.packets.burst + ALLOWANCES.packets.perSecond * 60);
      now += budgets.overdraft(now) + 3600;
      expect(budgets.isAbused).toBe(false);
    }
  });

  test("a node that holds half a million objects, and the full stream of the network, is never waited for", () => {
    const budgets = new Budgets(0);
    // Announced in notbit's packets of 252, and asked for in the same.
    for (let packet = 0; packet < 2 * Math.ceil(500_000 / 252); packet++) {
      budgets.spend("packets", 1);
      budgets.spend("bytes", 252 * 32 + 1);
    }
    expect(budgets.overdraft(0)).toBe(0);
    for (let second = 1; second < 600; second++) {
      budgets.spend("packets", 100);
      budgets.spend("bytes", 100 * 33);
      expect(budgets.overdraft(second)).toBe(0);
    }
  });
});
