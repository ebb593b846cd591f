import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Action,
  afterAcknowledgement,
  afterCancellation,
  type Facts,
  isActive,
  nextAction,
} from "../../../src/bitmessage/messaging/next-action.js";
import type { OutboxEntry, OutboxId, OutboxState } from "../../../src/bitmessage/messaging/types.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { MAX_SENT_OBJECT } from "../../../src/bitmessage/protocol/object.js";

const NOW = 1_700_000_000;
const DAY = 86_400;
const STATES: readonly OutboxState[] = [
  "queued",
  "awaiting-pubkey",
  "proof-of-work",
  "sent",
  "acknowledged",
  "failed",
  "cancelled",
];
const FINAL: readonly OutboxState[] = ["acknowledged", "failed", "cancelled"];

function entryWith(change: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    id: "id" as OutboxId,
    kind: "msg",
    from: "BM-from" as Address,
    to: "BM-to" as Address,
    subject: "",
    encoding: 2,
    content: new Uint8Array(0),
    ttl: 4 * DAY,
    wantsAcknowledgement: true,
    maximumWork: null,
    state: "queued",
    failure: null,
    awaitsAcknowledgement: false,
    ackData: null,
    attempts: 0,
    pubkeyRequests: 0,
    created: NOW,
    started: NOW,
    changed: NOW,
    nextAction: null,
    expires: null,
    inventoryHash: null,
    ...change,
  };
}

const KNOWN: Facts["recipient"] = { key: "known", cost: { objectLength: 500, trials: 1000 } };

function factsWith(change: Partial<Facts> = {}): Facts {
  return {
    now: NOW,
    sender: "present",
    recipient: KNOWN,
    pubkeyRequest: { request: "none" },
    pubkeyRequests: 0,
    work: "none",
    policy: { maximumWork: 0, giveUpAfter: 0 },
    awakeSince: 0,
    ...change,
  };
}

const UNKNOWN: Partial<Facts> = { recipient: { key: "unknown" } };
const awaiting: Partial<OutboxEntry> = { state: "awaiting-pubkey", nextAction: NOW + 10, pubkeyRequests: 1 };
const sent: Partial<OutboxEntry> = {
  state: "sent",
  awaitsAcknowledgement: true,
  attempts: 1,
  nextAction: NOW + 10,
};

const TABLE: readonly [string, Partial<OutboxEntry>, Partial<Facts>, Action][] = [
  ["queued, key known", {}, {}, { action: "send", ttl: 4 * DAY }],
  ["queued, key unknown", {}, UNKNOWN, { action: "request-pubkey", ttl: 2.5 * DAY }],
  ["asked once before", {}, { ...UNKNOWN, pubkeyRequests: 1 }, { action: "request-pubkey", ttl: 5 * DAY }],
  ["asked often", {}, { ...UNKNOWN, pubkeyRequests: 40 }, { action: "request-pubkey", ttl: 28 * DAY }],
  [
    "queued, somebody's request is out",
    {},
    { ...UNKNOWN, pubkeyRequest: { request: "out", until: NOW + 99 } },
    { action: "await-pubkey", until: NOW + 99 },
  ],
  [
    "queued, a request is being made",
    {},
    { ...UNKNOWN, pubkeyRequest: { request: "working" } },
    { action: "wait", until: null },
  ],
  ["queued, bad key", {}, { recipient: { key: "bad" } }, { action: "fail", reason: "bad-key" }],
  ["queued, sender gone", {}, { sender: "gone" }, { action: "fail", reason: "identity-gone" }],
  [
    "queued, just fits",
    {},
    { recipient: { key: "known", cost: { objectLength: MAX_SENT_OBJECT, trials: 1 } } },
    { action: "send", ttl: 4 * DAY },
  ],
  [
    "queued, too large",
    {},
    { recipient: { key: "known", cost: { objectLength: MAX_SENT_OBJECT + 1, trials: 1 } } },
    { action: "fail", reason: "too-large" },
  ],
  [
    "queued, too difficult by the policy",
    {},
    { policy: { maximumWork: 999, giveUpAfter: 0 } },
    { action: "fail", reason: "too-difficult" },
  ],
  [
    "queued, the sender wants it nevertheless",
    { maximumWork: 1000 },
    { policy: { maximumWork: 999, giveUpAfter: 0 } },
    { action: "send", ttl: 4 * DAY },
  ],
  [
    "queued, the sender sets no limit",
    { maximumWork: 0 },
    { policy: { maximumWork: 999, giveUpAfter: 0 } },
    { action: "send", ttl: 4 * DAY },
  ],
  [
    "sent, another try that would cost more than agreed lives no longer than the first",
    { state: "sent", awaitsAcknowledgement: true, attempts: 1, nextAction: NOW, maximumWork: 1500 },
    { recipient: { key: "known", cost: { objectLength: 500, trials: 1000 }, nextTrials: 2000 } },
    { action: "send", ttl: 4 * DAY },
  ],
  [
    "sent, another try within what was agreed",
    { state: "sent", awaitsAcknowledgement: true, attempts: 1, nextAction: NOW, maximumWork: 2000 },
    { recipient: { key: "known", cost: { objectLength: 500, trials: 1000 }, nextTrials: 2000 } },
    { action: "send", ttl: 8 * DAY },
  ],
  ["queued, too difficult by itself", { maximumWork: 999 }, {}, { action: "fail", reason: "too-difficult" }],
  [
    "queued for ever, never tried",
    { started: 0 },
    { policy: { maximumWork: 0, giveUpAfter: 5 } },
    { action: "send", ttl: 4 * DAY },
  ],
  ["awaiting", awaiting, UNKNOWN, { action: "wait", until: NOW + 10 }],
  [
    "awaiting, giving up comes first",
    awaiting,
    { ...UNKNOWN, policy: { maximumWork: 0, giveUpAfter: 5 } },
    { action: "wait", until: NOW + 5 },
  ],
  ["awaiting, the key has come", awaiting, {}, { action: "send", ttl: 4 * DAY }],
  [
    "awaiting, a bad key has come",
    awaiting,
    { recipient: { key: "bad" } },
    { action: "fail", reason: "bad-key" },
  ],
  [
    "awaiting, no answer",
    awaiting,
    { ...UNKNOWN, now: NOW + 10, pubkeyRequests: 1 },
    { action: "request-pubkey", ttl: 5 * DAY },
  ],
  [
    "awaiting, no answer, given up",
    awaiting,
    { ...UNKNOWN, now: NOW + 10, policy: { maximumWork: 0, giveUpAfter: 10 } },
    { action: "fail", reason: "given-up" },
  ],
  [
    "awaiting, sender gone",
    awaiting,
    { ...UNKNOWN, sender: "gone" },
    { action: "fail", reason: "identity-gone" },
  ],
  ["working", { state: "proof-of-work" }, { work: "running" }, { action: "wait", until: null }],
  [
    "working, sender gone",
    { state: "proof-of-work" },
    { work: "running", sender: "gone" },
    { action: "fail", reason: "identity-gone" },
  ],
  ["work was lost", { state: "proof-of-work" }, {}, { action: "send", ttl: 4 * DAY }],
  ["sent", sent, {}, { action: "wait", until: NOW + 10 }],
  [
    "sent, sender gone, may still be acknowledged",
    sent,
    { sender: "gone" },
    { action: "wait", until: NOW + 10 },
  ],
  ["sent, not acknowledged", sent, { now: NOW + 10 }, { action: "send", ttl: 8 * DAY }],
  ["sent often", { ...sent, attempts: 9 }, { now: NOW + 10 }, { action: "send", ttl: 28 * DAY }],
  [
    "sent, sender gone, to be sent again",
    sent,
    { now: NOW + 10, sender: "gone" },
    { action: "fail", reason: "identity-gone" },
  ],
  [
    "sent, given up",
    sent,
    { now: NOW + 5, policy: { maximumWork: 0, giveUpAfter: 5 } },
    { action: "fail", reason: "given-up" },
  ],
  [
    "sent, nothing expected",
    { ...sent, awaitsAcknowledgement: false },
    { now: NOW + 99 },
    { action: "none" },
  ],
  [
    "broadcast sent",
    { kind: "broadcast", state: "sent", attempts: 1 },
    { now: NOW + 99 },
    { action: "none" },
  ],
];

describe("what is to be done next", () => {
  test.each(TABLE)("%s", (_name, entry, facts, action) => {
    expect(nextAction(entryWith(entry), factsWith(facts))).toEqual(action);
  });

  test.each(FINAL)("nothing when %s", (state) => {
    const entry = entryWith({ state, attempts: 1, nextAction: 0 });
    expect(nextAction(entry, factsWith())).toEqual({ action: "none" });
    expect(afterAcknowledgement(entry)).toEqual({ action: "none" });
    expect(afterCancellation(entry)).toEqual({ action: "none" });
  });
});

describe("after the acknowledgement", () => {
  test.each(["sent", "queued", "proof-of-work", "awaiting-pubkey"] as const)(
    "of what is %s again",
    (state) => {
      const entry = entryWith({ state, attempts: 1, awaitsAcknowledgement: true });
      expect(afterAcknowledgement(entry)).toEqual({ action: "acknowledge" });
    },
  );

  test("of what was never sent: nothing", () => {
    expect(afterAcknowledgement(entryWith({ state: "proof-of-work" }))).toEqual({ action: "none" });
  });
});

describe("after cancelling", () => {
  test.each(["queued", "proof-of-work", "awaiting-pubkey"] as const)("what is %s", (state) => {
    expect(afterCancellation(entryWith({ state }))).toEqual({ action: "cancel" });
  });

  test("what has gone out cannot be called back", () => {
    expect(afterCancellation(entryWith(sent))).toEqual({ action: "stop" });
    expect(afterCancellation(entryWith({ state: "proof-of-work", attempts: 1 }))).toEqual({ action: "stop" });
    expect(afterCancellation(entryWith({ ...sent, awaitsAcknowledgement: false }))).toEqual({
      action: "none",
    });
  });
});

const times = fc.integer({ min: NOW - 40 * DAY, max: NOW + 40 * DAY });

const anyEntry = fc
  .record({
    kind: fc.constantFrom("msg" as const, "broadcast" as const),
    state: fc.constantFrom(...STATES),
    awaitsAcknowledgement: fc.boolean(),
    attempts: fc.nat(20),
    pubkeyRequests: fc.nat(20),
    maximumWork: fc.option(fc.nat(2000)),
    ttl: fc.integer({ min: 3600, max: 28 * DAY }),
    started: times,
    nextAction: fc.option(times),
  })
  .map(entryWith);

const anyFacts = fc
  .record({
    now: times,
    sender: fc.constantFrom("present" as const, "gone" as const),
    recipient: fc.oneof(
      fc.constantFrom({ key: "unknown" as const }, { key: "bad" as const }),
      fc.record({
        key: fc.constant("known" as const),
        cost: fc.record({ objectLength: fc.nat(300_000), trials: fc.nat(2000) }),
      }),
    ),
    pubkeyRequest: fc.oneof(
      fc.constantFrom({ request: "none" as const }, { request: "working" as const }),
      fc.record({ request: fc.constant("out" as const), until: times }),
    ),
    pubkeyRequests: fc.nat(20),
    work: fc.constantFrom("none" as const, "running" as const),
    policy: fc.record({ maximumWork: fc.nat(2000), giveUpAfter: fc.nat(40 * DAY) }),
    awakeSince: fc.integer({ min: NOW - 5 * DAY, max: NOW + 5 * DAY }),
  })
  .map(factsWith);

describe("whatever the circumstances", () => {
  test("an active message has something to do or to wait for, and one at its end has not", () => {
    fc.assert(
      fc.property(anyEntry, anyFacts, (entry, facts) => {
        const action = nextAction(entry, facts);
        expect(action.action === "none").toBe(!isActive(entry));
        if (action.action !== "wait") return;
        if (action.until === null) {
          expect(facts.work === "running" || facts.pubkeyRequest.request === "working").toBe(true);
        } else expect(action.until).toBeGreaterThan(facts.now);
      }),
      { numRuns: 2000 },
    );
  });

  test("life times stay between an hour and 28 days", () => {
    fc.assert(
      fc.property(anyEntry, anyFacts, (entry, facts) => {
        const action = nextAction(entry, facts);
        if (action.action !== "send" && action.action !== "request-pubkey") return;
        expect(action.ttl).toBeGreaterThanOrEqual(3600);
        expect(action.ttl).toBeLessThanOrEqual(28 * DAY);
      }),
      { numRuns: 1000 },
    );
  });

  test("nothing is done in the name of an identity that is gone", () => {
    fc.assert(
      fc.property(anyEntry, anyFacts, (entry, facts) => {
        const { action } = nextAction(entry, { ...facts, sender: "gone" });
        expect(["none", "wait", "put-off", "fail"]).toContain(action);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a clock that has been set back", () => {
  const year = 365 * DAY;
  const before = { changed: NOW + year, started: NOW + year, nextAction: NOW + year + 3 * DAY };

  test("a message waits as long as it had to wait, from now", () => {
    const sent = entryWith({ ...before, state: "sent", awaitsAcknowledgement: true, attempts: 1 });
    expect(nextAction(sent, factsWith({ recipient: KNOWN }))).toEqual({
      action: "put-off",
      until: NOW + 3 * DAY,
    });
    const waiting = entryWith({ ...before, state: "awaiting-pubkey", pubkeyRequests: 1 });
    expect(nextAction(waiting, factsWith({ recipient: { key: "unknown" } }))).toEqual({
      action: "put-off",
      until: NOW + 3 * DAY,
    });
  });

  test("a message of which no node keeps the object, as it seems to live for years, is sent again at once", () => {
    const ahead = { ...before, state: "sent", awaitsAcknowledgement: true, attempts: 1 } as const;
    const facts = factsWith({ recipient: KNOWN });
    const sent = entryWith({ ...ahead, expires: NOW + year + 4 * DAY });
    expect(nextAction(sent, facts)).toEqual({ action: "send", ttl: 8 * DAY });
    expect(nextAction({ ...sent, expires: NOW + 28 * DAY }, facts)).toMatchObject({ action: "put-off" });
    expect(nextAction({ ...sent, awaitsAcknowledgement: false }, facts)).toEqual({ action: "none" });
  });

  test("a few minutes are no reason", () => {
    const change = { changed: NOW + 600, nextAction: NOW + 3 * DAY };
    const sent = entryWith({ ...change, state: "sent", awaitsAcknowledgement: true, attempts: 1 });
    expect(nextAction(sent, factsWith({ recipient: KNOWN }))).toMatchObject({ action: "wait" });
  });
});
