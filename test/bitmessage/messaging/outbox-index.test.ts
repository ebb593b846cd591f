import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isActive } from "../../../src/bitmessage/messaging/next-action.js";
import { OutboxIndex } from "../../../src/bitmessage/messaging/outbox-index.js";
import type { OutboxEntry, OutboxId, OutboxState } from "../../../src/bitmessage/messaging/types.js";
import { encodeAddress } from "../../../src/bitmessage/protocol/address.js";

const recipients = [1, 2].map((octet) => encodeAddress(4, 1, new Uint8Array(20).fill(octet)));
const from = encodeAddress(4, 1, new Uint8Array(20).fill(9));

function entry(values: Partial<OutboxEntry>): OutboxEntry {
  return {
    id: "1" as OutboxId,
    kind: "msg",
    from,
    to: recipients[0]!,
    subject: "",
    encoding: 2,
    content: new Uint8Array(0),
    ttl: 3600,
    wantsAcknowledgement: true,
    maximumWork: null,
    state: "queued",
    failure: null,
    awaitsAcknowledgement: false,
    ackData: null,
    attempts: 0,
    pubkeyRequests: 0,
    created: 0,
    started: 0,
    changed: 0,
    nextAction: null,
    expires: null,
    inventoryHash: null,
    ...values,
  };
}

describe("requests for keys, as the messages that wait for them tell", () => {
  test("the newest one counts, as long as somebody waits for it", () => {
    const index = new OutboxIndex();
    const [to, other] = [recipients[0]!, recipients[1]!];
    const waiting = { state: "awaiting-pubkey", pubkeyRequests: 2, nextAction: 500 } as const;
    expect(index.pubkeyRequest(to, 100)).toEqual({ request: "none" });
    index.track(entry(waiting));
    index.track(entry({ ...waiting, id: "2" as OutboxId, pubkeyRequests: 1, nextAction: 300 }));
    expect(index.pubkeyRequest(to, 100)).toEqual({ request: "out", until: 500 });
    expect(index.pubkeyRequests(to)).toBe(2);
    expect(index.pubkeyRequest(other, 100)).toEqual({ request: "none" });
    index.track(entry({ state: "cancelled", pubkeyRequests: 2 }));
    expect(index.pubkeyRequest(to, 100)).toEqual({ request: "out", until: 300 });
    expect(index.pubkeyRequests(to)).toBe(1);
    expect(index.pubkeyRequest(to, 300)).toEqual({ request: "none" });
  });

  test("is what a look at every message would find", () => {
    const states: OutboxState[] = ["queued", "awaiting-pubkey", "proof-of-work", "sent", "failed"];
    const change = fc.record({
      id: fc.constantFrom("1", "2", "3", "4", "5").map((id) => id as OutboxId),
      to: fc.constantFrom(...recipients),
      kind: fc.constantFrom("msg" as const, "msg" as const, "broadcast" as const),
      state: fc.constantFrom(...states),
      awaitsAcknowledgement: fc.boolean(),
      nextAction: fc.option(fc.integer({ min: 0, max: 9 })),
      pubkeyRequests: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const index = new OutboxIndex();
        const model = new Map<OutboxId, OutboxEntry>();
        for (const values of changes) {
          const next = entry(values);
          index.track(next);
          if (isActive(next)) model.set(next.id, next);
          else model.delete(next.id);
          for (const to of recipients) {
            const siblings = [...model.values()].filter((one) => one.kind === "msg" && one.to === to);
            const waiting = siblings.filter(({ state }) => state === "awaiting-pubkey");
            const until = Math.max(4, ...waiting.map(({ nextAction }) => nextAction ?? 0));
            expect(index.pubkeyRequest(to, 4)).toEqual(
              until > 4 ? { request: "out", until } : { request: "none" },
            );
            expect(index.pubkeyRequests(to)).toBe(Math.max(0, ...siblings.map((one) => one.pubkeyRequests)));
            expect([...index.to(to)].sort()).toEqual(siblings.map(({ id }) => id).sort());
          }
        }
      }),
    );
  });
});
