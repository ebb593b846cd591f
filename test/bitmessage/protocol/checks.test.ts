import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addressSecrets, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { encodeObjectHeader, withNonce } from "../../../src/bitmessage/protocol/object.js";
import { checkObject, isProcessable, type Verdict } from "../../../src/bitmessage/protocol/object-check.js";
import {
  atLeast,
  type Difficulty,
  expectedTrials,
  initialHash,
  isWorkSufficient,
  NETWORK_MINIMUM,
  powTarget,
  powValue,
} from "../../../src/bitmessage/protocol/pow-target.js";
import { randomBelow } from "../../../src/bitmessage/protocol/random.js";
import {
  checkDemandedWork,
  checkGetpubkeyRequest,
  checkSenderLists,
  isAckDue,
} from "../../../src/bitmessage/protocol/receive-rules.js";
import { bytes, randomIdentity, seededRandom, survives } from "./support.js";

const now = 1_735_689_600;
const easy: Difficulty = { trialsPerByte: 1n, extraBytes: 1n };

/** An object whose nonce meets the target, found by trying. */
function worked(
  header: { expires?: number; type?: number; version?: number; stream?: number },
  payload: Uint8Array,
) {
  const fields = { expires: now + 3600, type: 42, version: 1, stream: 1, ...header };
  const rest = concatBytes(encodeObjectHeader(fields), payload);
  for (let nonce = 0n; ; nonce++) {
    const object = withNonce(nonce, rest);
    if (isWorkSufficient(object, { now, difficulty: easy, minimum: easy })) return object;
  }
}

function check(
  object: Uint8Array,
  changes: { has?: () => boolean; minimum?: Difficulty; now?: number } = {},
): Verdict {
  return checkObject(object, { now, streams: [1], minimum: easy, has: () => false, ...changes });
}

const payload = seededRandom("checks")(60);
const good = worked({}, payload);

describe("checkObject", () => {
  test("takes a good object and says what it is", () => {
    expect(check(good)).toMatchObject({
      verdict: "accept",
      hash: inventoryHash(good),
      header: { type: 42, stream: 1, payloadOffset: 22, expires: now + 3600 },
    });
  });

  test("blames the peer for the first three faults only", () => {
    expect(check(good.subarray(0, 21))).toEqual({ verdict: "reject", reason: "truncated" });
    expect(check(new Uint8Array(22 + 262_145))).toEqual({ verdict: "reject", reason: "object_too_large" });
    expect(check(good, { minimum: NETWORK_MINIMUM })).toEqual({
      verdict: "reject",
      reason: "insufficient_pow",
    });
    const late = worked({ expires: now - 3601 }, payload);
    expect(check(late)).toEqual({ verdict: "ignore", reason: "expired" });
    const early = worked({ expires: now + 2_430_001 }, payload);
    expect(check(early)).toEqual({ verdict: "ignore", reason: "expires_too_far_ahead" });
    expect(check(worked({ stream: 0 }, payload))).toEqual({ verdict: "ignore", reason: "invalid_stream" });
    expect(check(worked({ stream: 2 }, payload))).toEqual({ verdict: "ignore", reason: "stream_not_ours" });
    expect(check(good, { has: () => true })).toEqual({ verdict: "ignore", reason: "duplicate" });
  });

  test("asks the inventory only for objects that pass all else", () => {
    let asked = 0;
    const has = () => {
      asked++;
      return false;
    };
    check(good, { has, minimum: NETWORK_MINIMUM });
    check(worked({ stream: 2 }, payload), { has });
    expect(asked).toBe(0);
    check(good, { has });
    expect(asked).toBe(1);
  });

  test("survives any bytes", () => {
    fc.assert(fc.property(bytes(), (object) => survives(() => check(object))));
  });

  test("known types of an impossible size are relayed and not processed", () => {
    const cases: [number, number, number, boolean][] = [
      [0, 4, 41, false],
      [0, 4, 54, true],
      [1, 4, 145, false],
      [1, 4, 440, true],
      [1, 4, 441, false],
      [3, 5, 179, false],
      [3, 1, 300, false],
      [3, 5, 180, true],
      [2, 1, 22, true],
      [42, 1, 500, false],
    ];
    for (const [type, version, length, expected] of cases) {
      const header = { nonce: 0n, expires: now, type, version, stream: 1, payloadOffset: 22 };
      expect(isProcessable(new Uint8Array(length), header)).toBe(expected);
    }
  });
});

describe("proof of work", () => {
  test("the target falls with length, life time and demands", () => {
    const base = { length: 500, ttl: 3600, difficulty: NETWORK_MINIMUM };
    const target = powTarget(base);
    expect(powTarget({ ...base, length: 501 })).toBeLessThan(target);
    expect(powTarget({ ...base, ttl: 7200 })).toBeLessThan(target);
    const twice = { trialsPerByte: 2000n, extraBytes: 1000n };
    expect(powTarget({ ...base, difficulty: twice })).toBe(target / 2n);
    expect(powTarget({ ...base, ttl: -5 })).toBe(powTarget({ ...base, ttl: 300 }));
  });

  test("extreme demands stay within 64 bits", () => {
    const most = { trialsPerByte: 2n ** 64n - 1n, extraBytes: 2n ** 64n - 1n };
    const none = { trialsPerByte: 0n, extraBytes: 0n };
    expect(powTarget({ length: 100, ttl: 2n ** 64n, difficulty: most })).toBe(0n);
    expect(powTarget({ length: 100, ttl: 0, difficulty: none })).toBe(2n ** 64n - 1n);
    expect(atLeast(none, NETWORK_MINIMUM)).toEqual(NETWORK_MINIMUM);
    expect(atLeast(most, NETWORK_MINIMUM)).toEqual(most);
    expect(expectedTrials(2n ** 64n - 1n)).toBe(1n);
    expect(expectedTrials(0n)).toBe(2n ** 64n);
  });

  test("the check agrees with value and target", () => {
    const value = powValue(good.subarray(0, 8), initialHash(good.subarray(8)));
    expect(value).toBeLessThanOrEqual(powTarget({ length: good.length, ttl: 3600, difficulty: easy }));
    expect(isWorkSufficient(new Uint8Array(15), { now, difficulty: easy, minimum: easy })).toBe(false);
  });
});

describe("requests for our keys", () => {
  const [mine, chan, other] = ["mine", "chan", "other"].map((name) => randomIdentity(name).ripe);
  const base = { stream: 1, isChan: false, lastPubkeySent: null };
  const identities = [
    { ...base, version: 4, ripe: mine! },
    { ...base, version: 4, ripe: chan!, isChan: true },
    { ...base, version: 3, ripe: other! },
  ];
  const tagOf = (ripe: Uint8Array) => addressSecrets({ version: 4, stream: 1, ripe }).tag!;

  test("are answered for the identity that is meant", () => {
    const request = { version: 4, stream: 1, tag: tagOf(mine!) };
    expect(checkGetpubkeyRequest(request, identities, now)).toEqual({ answer: identities[0] });
    const byRipe = { version: 3, stream: 1, ripe: other! };
    expect(checkGetpubkeyRequest(byRipe, identities, now)).toEqual({ answer: identities[2] });
  });

  test("are refused in the order of the rules", () => {
    const ask = (request: Parameters<typeof checkGetpubkeyRequest>[0]) =>
      checkGetpubkeyRequest(request, identities, now);
    expect(ask({ version: 4, stream: 1, tag: new Uint8Array(32) })).toEqual({ refuse: "not_for_us" });
    expect(ask({ version: 2, stream: 1, ripe: other! })).toEqual({ refuse: "version_mismatch" });
    expect(ask({ version: 3, stream: 2, ripe: other! })).toEqual({ refuse: "stream_mismatch" });
    expect(ask({ version: 4, stream: 1, tag: tagOf(chan!) })).toEqual({ refuse: "chan_ignored" });
    const recent = [{ ...identities[2]!, lastPubkeySent: now - 2_419_199 }];
    const request = { version: 3, stream: 1, ripe: other! };
    expect(checkGetpubkeyRequest(request, recent, now)).toEqual({ refuse: "answered_recently" });
  });
});

describe("what a recipient asks of a message", () => {
  const hard = { trialsPerByte: 1_000_000n, extraBytes: 1_000_000n };
  const context = {
    recipient: { version: 4, isChan: false, difficulty: hard },
    sender: "unknown" as const,
    minimum: easy,
    now,
  };

  test("is work, from strangers only", () => {
    expect(checkDemandedWork(good, context)).toBe("demanded_pow_not_met");
    expect(checkDemandedWork(good, { ...context, sender: "known" })).toBeNull();
    const { recipient } = context;
    expect(checkDemandedWork(good, { ...context, recipient: { ...recipient, isChan: true } })).toBeNull();
    expect(checkDemandedWork(good, { ...context, recipient: { ...recipient, version: 2 } })).toBeNull();
    expect(checkDemandedWork(good, { ...context, recipient: { ...recipient, difficulty: easy } })).toBeNull();
  });

  test("is a sender whom the lists let through", () => {
    const sender = encodeAddress(4, 1, randomIdentity("sender").ripe);
    expect(checkSenderLists(sender, { mode: "black", listed: () => false })).toBeNull();
    expect(checkSenderLists(sender, { mode: "black", listed: (address) => address === sender })).toBe(
      "blacklisted",
    );
    expect(checkSenderLists(sender, { mode: "white", listed: () => true })).toBeNull();
    expect(checkSenderLists(sender, { mode: "white", listed: () => false })).toBe("not_whitelisted");
  });

  test("an acknowledgement is due only where all agree", () => {
    const due = { ack: Uint8Array.of(1), encoding: 2, recipient: { isChan: false, sendsAcks: true } };
    expect(isAckDue(due)).toBe(true);
    expect(isAckDue({ ...due, ack: new Uint8Array(0) })).toBe(false);
    expect(isAckDue({ ...due, encoding: 0 })).toBe(false);
    expect(isAckDue({ ...due, recipient: { isChan: true, sendsAcks: true } })).toBe(false);
    expect(isAckDue({ ...due, recipient: { isChan: false, sendsAcks: false } })).toBe(false);
  });
});

test("random numbers stay below their bound", () => {
  const random = seededRandom("below");
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => randomBelow(bound, random) < bound));
  const draws = [new Uint8Array(4).fill(255), Uint8Array.of(0, 0, 0, 5)];
  expect(randomBelow(3, () => draws.shift()!)).toBe(2); // the first draw would favour small numbers
});
