import { describe, expect, test } from "@jest/globals";
import type { MailboxId } from "../../../src/gateway/ports.js";
import { address, type MakeStores, mail, seen, typesOf, witness } from "./values.js";

export function mailboxWatchersContract(make: MakeStores): void {
  describe("watchers", () => {
    const opened = () => {
      const stores = make();
      const inbox = stores.mailboxes.create("anna", "INBOX", {});
      const [one, two] = [witness(), witness()];
      const leaveOne = stores.mailboxes.subscribe(inbox, one);
      const leaveTwo = stores.mailboxes.subscribe(inbox, two);
      return { stores, mailboxes: stores.mailboxes, inbox, one, two, leaveOne, leaveTwo };
    };

    test("the origin is not told of flags and expunges, but of what is appended", () => {
      const { mailboxes, inbox, one, two } = opened();
      mailboxes.append(inbox, [mail("a")]);
      mailboxes.store(inbox, [1], seen, one);
      mailboxes.store(inbox, [1], seen, null);
      mailboxes.move(inbox, [1], inbox, one);
      expect(typesOf(one.updates)).toEqual(["appended", "appended"]);
      expect(typesOf(two.updates)).toEqual(["appended", "flags", "appended", "expunged"]);
      expect(two.updates.at(-1)).toEqual({ type: "expunged", uids: [1], highestModSeq: 5 });
    });

    test("are told after the commit, in order, whole transactions at a time", () => {
      const { stores, mailboxes, inbox, one } = opened();
      stores.transactions.run(() => {
        mailboxes.append(inbox, [mail("a")]);
        mailboxes.store(inbox, [1], seen, null);
        mailboxes.expunge(inbox, [1], "any", null);
        expect(one.updates).toEqual([]);
      });
      expect(typesOf(one.updates)).toEqual(["appended", "flags", "expunged"]);
    });

    test("one who opens the mailbox while others are told hears nothing that its snapshot has", () => {
      const { stores, mailboxes, inbox } = opened();
      const late = witness();
      let count = -1;
      stores.transactions.run(() => {
        stores.transactions.afterCommit(() => {
          mailboxes.subscribe(inbox, late);
          count = mailboxes.snapshot(inbox, "read-write").messages.length;
        });
        mailboxes.append(inbox, [mail("a")]);
      });
      expect([count, late.updates]).toEqual([1, []]);
      mailboxes.append(inbox, [mail("b")]);
      expect(typesOf(late.updates)).toEqual(["appended"]);
    });

    test("a watcher that throws is reported and does not keep the others from hearing", () => {
      const errors: unknown[] = [];
      const { mailboxes } = make({ reportError: (error) => errors.push(error) });
      const inbox = mailboxes.create("anna", "INBOX", {});
      const angry = () => {
        throw new Error("bug");
      };
      mailboxes.subscribe(inbox, { update: angry });
      const calm = witness();
      mailboxes.subscribe(inbox, calm);
      mailboxes.watch("anna", angry);
      expect(mailboxes.append(inbox, [mail("a")]).uids).toEqual([1]);
      expect(errors).toHaveLength(2);
      expect(calm.updates).toHaveLength(1);
    });

    test("expunged messages stay readable until all who may not know have left", () => {
      const { mailboxes, inbox, one, leaveOne, leaveTwo } = opened();
      const third = witness();
      mailboxes.append(inbox, [mail("a"), mail("b")]);
      mailboxes.expunge(inbox, [1], "any", one);
      const leaveThird = mailboxes.subscribe(inbox, third);
      leaveOne();
      leaveOne();
      expect(mailboxes.read(inbox, 1)).toEqual(mail("a").bytes);
      expect(mailboxes.records(inbox, [1, 2]).map((record) => record.uid)).toEqual([1, 2]);
      expect(mailboxes.snapshot(inbox, "read-only").messages).toHaveLength(1);
      expect(mailboxes.findByMessageId(inbox, "a@example")).toEqual([]);
      expect(mailboxes.store(inbox, [1], seen, null).changed).toEqual([]);
      leaveTwo();
      expect(mailboxes.read(inbox, 1)).toBeNull();
      expect(mailboxes.records(inbox, [1])).toEqual([]);
      leaveThird();
    });

    test("expunged messages stay readable until all have been told, later ones longer", () => {
      const { mailboxes, inbox, one, two } = opened();
      mailboxes.append(inbox, [mail("a"), mail("b")]);
      mailboxes.expunge(inbox, [1], "any", null);
      mailboxes.told(inbox, one);
      expect(mailboxes.read(inbox, 1)).toEqual(mail("a").bytes);
      mailboxes.told(inbox, two);
      expect(mailboxes.read(inbox, 1)).toBeNull();
      mailboxes.expunge(inbox, [2], "any", one);
      mailboxes.told(inbox, one);
      expect(mailboxes.read(inbox, 2)).toEqual(mail("b").bytes);
      expect(two.updates.filter(({ type }) => type === "expunged")).toHaveLength(2);
      mailboxes.told(inbox, two);
      expect(mailboxes.read(inbox, 2)).toBeNull();
    });

    test("without others an expunged message is gone at once; who has left hears no more", () => {
      const { mailboxes, inbox, one, two, leaveOne, leaveTwo } = opened();
      mailboxes.append(inbox, [mail("a")]);
      leaveTwo();
      mailboxes.expunge(inbox, "all", "any", one);
      expect(mailboxes.read(inbox, 1)).toBeNull();
      leaveOne();
      mailboxes.append(inbox, [mail("b")]);
      expect([one.updates.length, two.updates.length]).toEqual([1, 1]);
    });

    test("removing a mailbox tells everyone in it, and leaving it afterwards is harmless", () => {
      const { mailboxes } = make();
      const box = mailboxes.create("anna", "box", {});
      const watcher = witness();
      const leave = mailboxes.subscribe(box, watcher);
      mailboxes.append(box, [mail("a"), mail("b")]);
      mailboxes.expunge(box, [1], "any", null);
      mailboxes.remove("anna", "box");
      expect(watcher.updates.at(-1)).toEqual({ type: "deleted" });
      expect(mailboxes.read(box, 1)).toBeNull();
      expect(mailboxes.records(box, [1, 2])).toEqual([]);
      leave();
    });

    test("whose mail a message is goes along with its copies", () => {
      const { mailboxes } = make();
      const [box, other] = [mailboxes.create("anna", "box", {}), mailboxes.create("anna", "other", {})];
      const [one, two] = [address("one"), address("two")];
      mailboxes.append(box, [mail("a"), mail("bb")], one);
      mailboxes.append(box, [mail("c")], two);
      mailboxes.append(box, [mail("d")]);
      mailboxes.append(box, [mail("e")], one);
      const uidsFrom = (id: MailboxId, identity: typeof one, from = 1) =>
        mailboxes.ofIdentity(id, identity, from).map(({ uid }) => uid);
      expect([uidsFrom(box, one), uidsFrom(box, one, 2), uidsFrom(box, two)]).toEqual([
        [1, 2, 5],
        [2, 5],
        [3],
      ]);
      expect(mailboxes.ofIdentity(box, one, 2)[0]).toEqual({ uid: 2, size: mail("bb").bytes.length });
      mailboxes.move(box, [1, 3], other, null);
      mailboxes.copy(box, [4, 5], other);
      expect([uidsFrom(box, one), uidsFrom(other, one), uidsFrom(other, two)]).toEqual([[2, 5], [1, 4], [2]]);
      expect(uidsFrom(box, address("three"))).toEqual([]);
    });

    test("messages are recent to one who may write, and to no later session", () => {
      const { mailboxes } = make();
      const box = mailboxes.create("anna", "box", {});
      const recent = (watcher: ReturnType<typeof witness>) =>
        watcher.updates.map((update) => update.type === "appended" && update.recent);
      const [looker, first, second] = [witness(), witness(), witness()];
      mailboxes.subscribe(box, looker, "read-only");
      mailboxes.append(box, [mail("a")]);
      expect(recent(looker)).toEqual([true]);
      expect(mailboxes.snapshot(box, "read-only").recentFrom).toBe(1);
      expect(mailboxes.status(box).recent).toBe(1);
      mailboxes.subscribe(box, first);
      expect(mailboxes.snapshot(box, "read-write").recentFrom).toBe(1);
      expect(mailboxes.snapshot(box, "read-write").recentFrom).toBe(2);
      mailboxes.subscribe(box, second);
      mailboxes.append(box, [mail("b")]);
      expect([recent(first), recent(second), recent(looker)]).toEqual([[true], [false], [true, false]]);
      expect(mailboxes.status(box).recent).toBe(0);
    });
  });
}
