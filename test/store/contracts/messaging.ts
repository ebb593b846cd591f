import { describe, expect, test } from "@jest/globals";
import type { OutboxId } from "../../../src/bitmessage/messaging/types.js";
import {
  address,
  bytes,
  contact,
  filled,
  hash,
  identity,
  type MakeStores,
  outboxEntry,
  subscription,
} from "./values.js";

export function messagingContract(make: MakeStores): void {
  test("identities: added, replaced, removed; a chan is each member's own", () => {
    const { identities } = make();
    const chan = identity("chan", {
      chan: true,
      passphrase: "näme",
      enabled: false,
      pubkeyPending: true,
      created: 5,
    });
    expect(identities.get("anna", address("chan"))).toBeNull();
    identities.save(identity("anna"));
    identities.save(chan);
    expect(identities.get("anna", address("chan"))).toEqual(chan);
    expect(identities.list()).toEqual([chan, identity("anna")]);
    identities.save(identity("anna", { label: "A.", lastPubkeySent: 7, sendsAcknowledgements: false }));
    expect(identities.get("anna", address("anna"))?.label).toBe("A.");
    expect(identities.get("anna", address("anna"))?.keys.ripe.constructor).toBe(Uint8Array);
    const hers = { ...chan, user: "berta", label: "Hers", created: 8 };
    identities.save(hers);
    expect(identities.owners(address("chan"))).toEqual([chan, hers]);
    identities.save({ ...hers, enabled: true });
    expect(identities.owners(address("chan")).map(({ user }) => user)).toEqual(["berta", "anna"]);
    identities.remove("anna", address("chan"));
    identities.remove("anna", address("nobody"));
    expect(identities.owners(address("chan"))).toEqual([{ ...hers, enabled: true }]);
    expect(identities.owners(address("nobody"))).toEqual([]);
    expect(identities.list()).toHaveLength(2);
  });

  test("contacts are each user's own", () => {
    const { contacts } = make();
    contacts.save(contact("b"));
    contacts.save(contact("a", { blocked: true }));
    contacts.save(contact("b", { label: "Bert" }));
    const other = contact("b", { user: "berta", label: "Somebody else" });
    contacts.save(other);
    expect(contacts.list("anna")).toEqual([contact("a", { blocked: true }), contact("b", { label: "Bert" })]);
    contacts.remove("anna", address("a"));
    expect(contacts.get("anna", address("a"))).toBeNull();
    expect(contacts.get("anna", address("b"))?.label).toBe("Bert");
    contacts.removeUser("anna");
    expect([contacts.list("anna"), contacts.list("berta")]).toEqual([[], [other]]);
  });

  test("two users follow one broadcaster, each in their way", () => {
    const { subscriptions } = make();
    const hers = subscription("c", { user: "berta", label: "Hers" });
    subscriptions.save(hers);
    subscriptions.save(subscription("c", { enabled: false }));
    expect(subscriptions.get("anna", address("c"))).toEqual(subscription("c", { enabled: false }));
    expect(subscriptions.list()).toEqual([subscription("c", { enabled: false }), hers]);
    subscriptions.remove("anna", address("c"));
    expect(subscriptions.list()).toEqual([hers]);
  });

  test("pubkeys: the newest demands; once used, always used", () => {
    const { pubkeys } = make();
    const block = {
      behavior: 1,
      signingKey: filled(65, 4),
      encryptionKey: filled(65, 5),
      difficulty: { trialsPerByte: 1000n, extraBytes: 2n ** 64n - 1n },
    };
    const pubkey = { address: address("a"), block, received: 10, used: true };
    expect(pubkeys.get(address("a"))).toBeNull();
    pubkeys.put(pubkey);
    pubkeys.put({ ...pubkey, address: address("b"), used: false });
    expect(pubkeys.get(address("a"))).toEqual(pubkey);
    const changed = { ...block, behavior: 3 };
    pubkeys.put({ ...pubkey, block: changed, received: 9, used: false });
    expect(pubkeys.get(address("a"))).toEqual({ ...pubkey, block: changed, received: 9 });
    expect(pubkeys.deleteUnused(10)).toBe(0);
    expect(pubkeys.deleteUnused(11)).toBe(1);
    expect(pubkeys.get(address("b"))).toBeNull();
    expect(pubkeys.get(address("a"))).not.toBeNull();
  });

  test("entries that have ended: by the time of their last change, page by page", () => {
    const { outbox } = make();
    const ended = (id: string, changed: number) => outboxEntry(id, { state: "acknowledged", changed });
    for (const entry of [ended("b", 6), ended("a", 6), ended("c", 5), ended("d", 7)]) outbox.add(entry);
    outbox.add(outboxEntry("e", { state: "sent", awaitsAcknowledgement: true, changed: 1 }));
    outbox.add(outboxEntry("f", { state: "sent", awaitsAcknowledgement: false, changed: 2 }));
    outbox.add(outboxEntry("g", { state: "queued", changed: 1 }));
    expect(outbox.endedBefore(7, { offset: 0, limit: 9 })).toEqual(["f", "c", "b", "a"]);
    expect(outbox.endedBefore(7, { offset: 1, limit: 2 })).toEqual(["c", "b"]);
  });

  test("signatures are seen by each user", () => {
    const { signatures } = make();
    signatures.add("anna", filled(32, 1), 5);
    signatures.add("anna", filled(32, 1), 6);
    signatures.add("berta", filled(32, 2), 6);
    expect(signatures.has("anna", filled(32, 1))).toBe(true);
    expect(signatures.has("anna", filled(32, 2))).toBe(false);
    expect(signatures.has("berta", filled(32, 1))).toBe(false);
    signatures.removeUser("anna");
    expect(signatures.has("anna", filled(32, 1))).toBe(false);
    expect(signatures.has("berta", filled(32, 2))).toBe(true);
  });

  test("second looks: each address once, for each kind", () => {
    const { secondLooks } = make();
    const look = { kind: "identity", address: address("a"), after: 0 } as const;
    secondLooks.save(look);
    secondLooks.save({ ...look, after: 7 });
    secondLooks.save({ ...look, kind: "subscription" });
    expect(secondLooks.list()).toHaveLength(2);
    expect(secondLooks.list()).toEqual(expect.arrayContaining([{ ...look, after: 7 }]));
    secondLooks.remove("identity", address("a"));
    secondLooks.remove("identity", address("b"));
    expect(secondLooks.list()).toEqual([{ ...look, kind: "subscription" }]);
  });

  describe("outbox", () => {
    test("keeps every field", () => {
      const { outbox } = make();
      const entry = outboxEntry("full", {
        maximumWork: 1e18,
        state: "sent",
        awaitsAcknowledgement: true,
        ackData: bytes(1, 2),
        attempts: 2,
        pubkeyRequests: 3,
        changed: 11.5,
        nextAction: 12,
        expires: 13,
        inventoryHash: hash(3),
        failure: "too-difficult",
        content: bytes(),
      });
      outbox.add(entry);
      expect(outbox.get(entry.id)).toEqual(entry);
      outbox.update(outboxEntry("full"));
      expect(outbox.get(entry.id)).toEqual(outboxEntry("full"));
    });

    test("wrong uses: the same id twice, an update of nothing", () => {
      const { outbox } = make();
      outbox.add(outboxEntry("a"));
      expect(() => outbox.add(outboxEntry("a"))).toThrow();
      expect(() => outbox.update(outboxEntry("b"))).toThrow("b");
      expect(outbox.get("b" as OutboxId)).toBeNull();
    });

    test("an entry that is removed is gone", () => {
      const { outbox } = make();
      outbox.add(outboxEntry("a"));
      outbox.remove("b" as OutboxId);
      outbox.remove("a" as OutboxId);
      expect([outbox.get("a" as OutboxId), outbox.active(), outbox.counts()]).toEqual([null, [], {}]);
    });

    test("is found by the object that it was last sent as", () => {
      const { outbox } = make();
      outbox.add(outboxEntry("a", { inventoryHash: hash(1) }));
      outbox.add(outboxEntry("b"));
      expect(outbox.findByInventoryHash(hash(1))?.id).toBe("a");
      outbox.update(outboxEntry("a", { inventoryHash: hash(2) }));
      expect([outbox.findByInventoryHash(hash(1)), outbox.findByInventoryHash(hash(2))?.id]).toEqual([
        null,
        "a",
      ]);
    });

    test("lists newest first, by sender and with a limit", () => {
      const { outbox } = make();
      const other = { from: address("carl") };
      for (const [id, created] of [
        ["a", 2],
        ["b", 1],
        ["c", 2],
        ["d", 3],
      ] as const) {
        outbox.add(outboxEntry(id, { created, ...(id === "c" ? other : {}) }));
      }
      const ids = (filter: Parameters<typeof outbox.list>[0]) => outbox.list(filter).map((entry) => entry.id);
      expect(ids({})).toEqual(["d", "c", "a", "b"]);
      expect(ids({ limit: 2 })).toEqual(["d", "c"]);
      expect(ids({ limit: 0 })).toEqual([]);
      expect(ids({ from: address("anna"), limit: 2 })).toEqual(["d", "a"]);
      expect(ids(other)).toEqual(["c"]);
    });

    test("active ones: not final, and sent only while an acknowledgement is awaited; counts of all", () => {
      const { outbox } = make();
      outbox.add(outboxEntry("working", { state: "proof-of-work", created: 20 }));
      outbox.add(outboxEntry("queued"));
      outbox.add(outboxEntry("awaiting", { state: "awaiting-pubkey" }));
      outbox.add(outboxEntry("sent", { state: "sent" }));
      outbox.add(outboxEntry("sent and awaited", { state: "sent", awaitsAcknowledgement: true }));
      for (const state of ["acknowledged", "failed", "cancelled"] as const) {
        outbox.add(outboxEntry(state, { state, awaitsAcknowledgement: true }));
      }
      const active = () => outbox.active().map((entry) => entry.id);
      const { content: _content, ...state } = outboxEntry("queued");
      expect(outbox.active()[0]).toEqual(state);
      expect(active()).toEqual(["queued", "awaiting", "sent and awaited", "working"]);
      expect(outbox.newest(1)).toEqual([{ ...state, id: "working", state: "proof-of-work", created: 20 }]);
      expect(outbox.newest(100).map(({ id }) => id)).toEqual(outbox.list({}).map(({ id }) => id));
      outbox.update(outboxEntry("queued", { state: "failed" }));
      expect(active()).toEqual(["awaiting", "sent and awaited", "working"]);
      expect(outbox.counts()).toEqual({
        "awaiting-pubkey": 1,
        "proof-of-work": 1,
        sent: 2,
        acknowledged: 1,
        failed: 2,
        cancelled: 1,
      });
    });
  });
}
