import { describe, expect, test } from "@jest/globals";
import type { MailboxId } from "../../../src/gateway/ports.js";
import type { MailboxListChange } from "../../../src/mail/imap/backend.js";
import { address, bytes, type MakeStores, mail, seen, typesOf, witness } from "./values.js";

export function mailboxesContract(make: MakeStores): void {
  describe("mailbox names", () => {
    const names = (stores: ReturnType<MakeStores>) => stores.mailboxes.list("anna").map((one) => one.name);

    test("create makes parents; names are exact; users are apart", () => {
      const { mailboxes } = make();
      const id = mailboxes.create("anna", "a/b/ü", { specialUse: "\\Sent", subscribed: "subscribed" });
      expect(mailboxes.list("anna").map((one) => [one.name, one.specialUse])).toEqual([
        ["a", undefined],
        ["a/b", undefined],
        ["a/b/ü", "\\Sent"],
      ]);
      expect(mailboxes.find("anna", "a/b/ü")).toBe(id);
      expect(mailboxes.find("anna", "A")).toBeNull();
      expect(mailboxes.find("bert", "a")).toBeNull();
      expect(mailboxes.subscriptions("anna")).toEqual(["a/b/ü"]);
    });

    test("a mailbox is found by what it is for, whatever it is called; no two are for the same", () => {
      const { mailboxes } = make();
      const chan = { kind: "chan", address: address("chan") } as const;
      const [one, two] = [mailboxes.create("anna", "a/one", {}), mailboxes.create("anna", "two", {})];
      const hers = mailboxes.create("bert", "a/one", {});
      expect([mailboxes.findByPurpose("anna", chan), mailboxes.purposeOf(one)]).toEqual([null, null]);
      mailboxes.setPurpose(one, chan);
      mailboxes.setPurpose(hers, chan);
      mailboxes.rename("anna", "a", "b");
      expect(mailboxes.findByPurpose("anna", chan)).toBe(one);
      expect([mailboxes.nameOf(one), mailboxes.purposeOf(one)]).toEqual(["b/one", chan]);
      mailboxes.setPurpose(two, chan);
      mailboxes.setPurpose(two, chan);
      expect([mailboxes.purposeOf(one), mailboxes.findByPurpose("anna", chan)]).toEqual([null, two]);
      expect(mailboxes.findByPurpose("anna", { ...chan, kind: "identity" })).toBeNull();
      mailboxes.remove("anna", "two");
      expect(mailboxes.findByPurpose("anna", chan)).toBeNull();
      mailboxes.setPurpose(hers, null);
      expect(mailboxes.findByPurpose("bert", chan)).toBeNull();
    });

    test("all that a user has can go at once, INBOX too; whoever has it open is told", () => {
      const { mailboxes } = make();
      const inbox = mailboxes.create("anna", "INBOX", { subscribed: "subscribed" });
      mailboxes.create("anna", "a/b", { subscribed: "subscribed" });
      mailboxes.create("bert", "INBOX", { subscribed: "subscribed" });
      mailboxes.append(inbox, [mail("one")]);
      const watcher = witness();
      mailboxes.subscribe(inbox, watcher);
      mailboxes.removeUser("anna");
      expect([mailboxes.list("anna"), mailboxes.subscriptions("anna")]).toEqual([[], []]);
      expect(mailboxes.find("bert", "INBOX")).not.toBeNull();
      expect(mailboxes.subscriptions("bert")).toEqual(["INBOX"]);
      expect(watcher.updates).toEqual([{ type: "deleted" }]);
      mailboxes.removeUser("anna");
    });

    test("refusals in IMAP's words", () => {
      const { mailboxes } = make();
      mailboxes.create("anna", "INBOX", {});
      mailboxes.create("anna", "a/b", { specialUse: "\\Junk" });
      const refusal = (work: () => void) => {
        try {
          work();
        } catch (error) {
          return (error as { code: string }).code;
        }
        return "none";
      };
      expect(refusal(() => mailboxes.create("anna", "a", {}))).toBe("ALREADYEXISTS");
      expect(refusal(() => mailboxes.create("anna", "x//y", {}))).toBe("CANNOT");
      expect(refusal(() => mailboxes.create("anna", "", {}))).toBe("CANNOT");
      expect(refusal(() => mailboxes.create("anna", "c", { specialUse: "\\Junk" }))).toBe("USEATTR");
      expect(refusal(() => mailboxes.remove("anna", "INBOX"))).toBe("CANNOT");
      expect(refusal(() => mailboxes.remove("anna", "none"))).toBe("NONEXISTENT");
      expect(refusal(() => mailboxes.rename("anna", "none", "x"))).toBe("NONEXISTENT");
      expect(refusal(() => mailboxes.rename("anna", "a", "a"))).toBe("ALREADYEXISTS");
      expect(refusal(() => mailboxes.rename("anna", "a", "INBOX"))).toBe("ALREADYEXISTS");
      expect(refusal(() => mailboxes.rename("anna", "a", "a/c"))).toBe("CANNOT");
      expect(refusal(() => mailboxes.status(99 as MailboxId))).toBe("NONEXISTENT");
      expect(refusal(() => mailboxes.append(99 as MailboxId, [mail("x")]))).toBe("NONEXISTENT");
      expect(
        mailboxes
          .list("anna")
          .map((one) => one.name)
          .sort(),
      ).toEqual(["INBOX", "a", "a/b"]);
    });

    test("a deleted parent stays as a name; made again it has a larger UIDVALIDITY and no messages", () => {
      const stores = make();
      const { mailboxes } = stores;
      const first = mailboxes.create("anna", "a", { subscribed: "subscribed" });
      mailboxes.append(first, [mail("one")]);
      const before = mailboxes.status(first);
      mailboxes.create("anna", "a/b", {});
      mailboxes.remove("anna", "a");
      expect(mailboxes.list("anna")).toContainEqual({ name: "a", selectable: false, id: "" });
      expect(mailboxes.find("anna", "a")).toBeNull();
      expect(() => mailboxes.remove("anna", "a")).toThrow("first");
      const again = mailboxes.status(mailboxes.create("anna", "a", {}));
      expect(again.uidValidity).toBeGreaterThan(before.uidValidity);
      expect(again).toMatchObject({ messages: 0, size: 0 });
      expect(again.id).not.toBe(before.id);
      expect(names(stores).sort()).toEqual(["a", "a/b"]);
      expect(mailboxes.subscriptions("anna")).toEqual(["a"]);
    });

    test("rename takes children along, keeps UIDs, UIDVALIDITY and subscriptions", () => {
      const stores = make();
      const { mailboxes } = stores;
      const id = mailboxes.create("anna", "a/b", { subscribed: "subscribed" });
      mailboxes.create("anna", "ab", {});
      mailboxes.append(id, [mail("one")]);
      const before = mailboxes.status(id);
      mailboxes.rename("anna", "a", "x/y");
      expect(names(stores).sort()).toEqual(["ab", "x", "x/y", "x/y/b"]);
      expect(mailboxes.find("anna", "x/y/b")).toBe(id);
      expect(mailboxes.status(id)).toEqual(before);
      mailboxes.rename("anna", "x/y", "x/z");
      mailboxes.rename("anna", "x/z/b", "top");
      expect(names(stores).sort()).toEqual(["ab", "top", "x", "x/z"]);
      expect(mailboxes.subscriptions("anna")).toEqual(["a/b"]);
    });

    test("rename upwards, onto names that move as well", () => {
      const { mailboxes } = make();
      const deep = mailboxes.create("anna", "a/x/x/y", {});
      const shallow = mailboxes.create("anna", "a/x/y", {});
      mailboxes.remove("anna", "a");
      mailboxes.rename("anna", "a/x", "a");
      expect(mailboxes.list("anna").map(({ name }) => name)).toEqual(["a", "a/x", "a/x/y", "a/y"]);
      expect([mailboxes.nameOf(deep), mailboxes.nameOf(shallow)]).toEqual(["a/x/y", "a/y"]);
    });

    test("rename of INBOX moves its messages and leaves it, with its UIDs used up", () => {
      const { mailboxes } = make();
      const inbox = mailboxes.create("anna", "INBOX", {});
      mailboxes.create("anna", "INBOX/sub", {});
      mailboxes.append(inbox, [mail("one"), mail("two")]);
      const watcher = witness();
      mailboxes.subscribe(inbox, watcher);
      mailboxes.rename("anna", "INBOX", "old/mail");
      expect(mailboxes.find("anna", "INBOX")).toBe(inbox);
      expect(mailboxes.find("anna", "INBOX/sub")).not.toBeNull();
      expect(mailboxes.status(mailboxes.find("anna", "old/mail")!).messages).toBe(2);
      expect(mailboxes.status(inbox)).toMatchObject({ messages: 0, uidNext: 3 });
      expect(typesOf(watcher.updates)).toEqual(["expunged"]);
    });

    test("list watchers hear what changed, with names, until they leave", () => {
      const { mailboxes } = make();
      const heard: MailboxListChange[] = [];
      const leave = mailboxes.watch("anna", (change) => heard.push(change));
      const id = mailboxes.create("anna", "a/b", {});
      mailboxes.create("bert", "a", {});
      mailboxes.append(id, [mail("one")]);
      mailboxes.setSubscription("anna", "gone", "subscribed");
      mailboxes.setSubscription("anna", "gone", "subscribed");
      mailboxes.setSubscription("anna", "gone", "unsubscribed");
      mailboxes.rename("anna", "a", "c");
      mailboxes.remove("anna", "c/b");
      leave();
      mailboxes.remove("anna", "c");
      expect(heard).toEqual([
        { type: "created", name: "a" },
        { type: "created", name: "a/b" },
        { type: "status", name: "a/b" },
        { type: "subscribed", name: "gone" },
        { type: "unsubscribed", name: "gone" },
        { type: "renamed", name: "c", oldName: "a" },
        { type: "renamed", name: "c/b", oldName: "a/b" },
        { type: "deleted", name: "c/b" },
      ]);
    });
  });

  describe("messages", () => {
    const opened = () => {
      const stores = make({ clock: () => 1_000_000.5 });
      return { stores, mailboxes: stores.mailboxes, inbox: stores.mailboxes.create("anna", "INBOX", {}) };
    };

    test("append keeps octets, flags, dates and digest", () => {
      const { mailboxes, inbox } = opened();
      const flags = ["$Label1", "\\recent", "\\SEEN", "\\seen", "a"];
      const result = mailboxes.append(inbox, [mail("one", { flags }), mail("two", { internalDate: null })]);
      expect(result).toEqual({ uidValidity: 1_000_000, uids: [1, 2] });
      expect(mailboxes.append(inbox, [])).toEqual({ uidValidity: 1_000_000, uids: [] });
      expect(mailboxes.read(inbox, 1)).toEqual(mail("one").bytes);
      expect(mailboxes.read(inbox, 1)?.constructor).toBe(Uint8Array);
      expect(mailboxes.read(inbox, 3)).toBeNull();
      expect(mailboxes.records(inbox, [2, 7, 1])).toEqual([
        {
          uid: 1,
          internalDate: { seconds: 50, zone: 120 },
          sentDate: 12,
          saveDate: 1_000_000,
          digest: mail("one").digest,
          emailId: "M1",
        },
        {
          uid: 2,
          internalDate: { seconds: 1_000_000, zone: 0 },
          sentDate: 12,
          saveDate: 1_000_000,
          digest: mail("two").digest,
          emailId: "M2",
        },
      ]);
      expect(mailboxes.snapshot(inbox, "read-only")).toMatchObject({
        uidNext: 3,
        highestModSeq: 2,
        keywords: ["$Label1", "a"],
        messages: [
          { uid: 1, flags: ["\\Seen", "$Label1", "a"], modSeq: 2 },
          { uid: 2, flags: [], modSeq: 2 },
        ],
      });
    });

    test("a header with NUL and eight-bit octets comes back as it was", () => {
      const { mailboxes, inbox } = opened();
      const digest = {
        ...mail("x").digest,
        header: "a\u0000b\u00e9\r\n\r\n",
        envelope: "\u0000",
        sentSeconds: null,
      };
      mailboxes.append(inbox, [mail("x", { digest, bytes: bytes() })]);
      expect(mailboxes.records(inbox, [1])[0]?.digest).toEqual(digest);
      expect(mailboxes.read(inbox, 1)).toEqual(bytes());
    });

    test("store: add, remove, replace; keywords in the spelling the mailbox knows", () => {
      const { mailboxes, inbox } = opened();
      mailboxes.append(inbox, [mail("one"), mail("two", { flags: ["Tag"] })]);
      const store = (action: "add" | "remove" | "replace", flags: string[], uids = [1, 2, 9]) =>
        mailboxes.store(inbox, uids, { action, flags }, null).changed;
      expect(store("add", ["tAG", "\\flagged"])).toEqual([
        { uid: 1, flags: ["\\Flagged", "Tag"], modSeq: 3 },
        { uid: 2, flags: ["\\Flagged", "Tag"], modSeq: 3 },
      ]);
      expect(store("remove", ["TAG", "unknown"], [2])).toEqual([{ uid: 2, flags: ["\\Flagged"], modSeq: 4 }]);
      expect(store("add", ["\\Flagged"])).toMatchObject([{ modSeq: 3 }, { modSeq: 4 }]);
      expect(mailboxes.status(inbox).highestModSeq).toBe(4);
      expect(store("replace", ["\\Deleted"])).toMatchObject([
        { flags: ["\\Deleted"] },
        { flags: ["\\Deleted"] },
      ]);
      expect(store("replace", [])).toMatchObject([{ flags: [] }, { flags: [] }]);
      expect(mailboxes.snapshot(inbox, "read-only").keywords).toEqual(["Tag"]);
    });

    test("store with unchangedSince leaves what is newer and names it", () => {
      const { mailboxes, inbox } = opened();
      mailboxes.append(inbox, [mail("one"), mail("two")]);
      mailboxes.store(inbox, [2], seen, null);
      const result = mailboxes.store(inbox, [1, 2], { ...seen, unchangedSince: 2 }, null);
      expect(result).toEqual({ changed: [{ uid: 1, flags: ["\\Seen"], modSeq: 4 }], modified: [2] });
      expect(mailboxes.store(inbox, [1], { ...seen, unchangedSince: 0 }, null).modified).toEqual([1]);
    });

    test("numbers follow flags and expunges; UIDs are never used again", () => {
      const { mailboxes, inbox } = opened();
      mailboxes.append(inbox, [mail("one"), mail("two", { flags: ["\\Seen", "\\Deleted"] }), mail("three")]);
      expect(mailboxes.status(inbox)).toMatchObject({ messages: 3, unseen: 2, deleted: 1, recent: 3 });
      mailboxes.store(inbox, [1], { action: "add", flags: ["\\Deleted"] }, null);
      expect(mailboxes.status(inbox)).toMatchObject({ unseen: 2, deleted: 2 });
      expect(mailboxes.expunge(inbox, [2, 3], "deleted-only", null)).toEqual({
        expunged: [2],
        highestModSeq: 4,
      });
      expect(mailboxes.expunge(inbox, [2, 3], "any", null)).toEqual({ expunged: [3], highestModSeq: 5 });
      expect(mailboxes.expunge(inbox, [3], "any", null)).toEqual({ expunged: [], highestModSeq: 5 });
      const { size } = mail("one").digest;
      expect(mailboxes.status(inbox)).toMatchObject({ messages: 1, unseen: 1, deleted: 1, size, uidNext: 4 });
      expect(mailboxes.expunge(inbox, "all", "deleted-only", null).expunged).toEqual([1]);
      expect(mailboxes.append(inbox, [mail("four")]).uids).toEqual([4]);
      expect(mailboxes.read(inbox, 2)).toBeNull();
      expect(mailboxes.vanishedSince(inbox, 0)).toEqual([1, 2, 3]);
      expect(mailboxes.vanishedSince(inbox, 4)).toEqual([1, 3]);
      expect(mailboxes.vanishedSince(99 as MailboxId, 0)).toBeNull();
    });

    test("copy and move: flags, dates and EMAILID go along; onto itself as well", () => {
      const { mailboxes, inbox } = opened();
      const other = mailboxes.create("anna", "other", {});
      mailboxes.append(inbox, [mail("one", { flags: ["\\Seen", "kw"] }), mail("two")]);
      const copied = mailboxes.copy(inbox, [2, 1, 5], other);
      expect(copied).toEqual({ uidValidity: 1_000_001, sourceUids: [1, 2], destinationUids: [1, 2] });
      expect(mailboxes.records(other, [1])[0]).toEqual(mailboxes.records(inbox, [1])[0]);
      expect(mailboxes.snapshot(other, "read-only")).toMatchObject({ keywords: ["kw"] });
      const moved = mailboxes.move(inbox, [1], inbox, null);
      expect(moved).toEqual({
        uidValidity: 1_000_000,
        sourceUids: [1],
        destinationUids: [3],
        expunged: [1],
        highestModSeq: 4,
      });
      mailboxes.expunge(other, "all", "any", null);
      expect(mailboxes.read(inbox, 3)).toEqual(mail("one").bytes);
      expect(mailboxes.copy(inbox, [77], other).sourceUids).toEqual([]);
      mailboxes.remove("anna", "other");
      expect(() => mailboxes.move(inbox, [3], other, null)).toThrow("no such mailbox");
      expect(mailboxes.read(inbox, 2)).toEqual(mail("two").bytes);
    });

    test("findByMessageId: a field of many lines that names nothing is read in no time", () => {
      const { mailboxes, inbox } = opened();
      const header = `Message-ID:${"\r\n \t x".repeat(500)}\r\nX: <a@b>\r\n\r\n`;
      mailboxes.append(inbox, [mail("x", { digest: { ...mail("x").digest, header } })]);
      expect(mailboxes.findByMessageId(inbox, "a@b")).toEqual([]);
    });

    test("findByMessageId: by the header, folded or long, in this mailbox only", () => {
      const { mailboxes, inbox } = opened();
      const other = mailboxes.create("anna", "other", {});
      const withHeader = (header: string) => mail("x", { digest: { ...mail("x").digest, header } });
      mailboxes.append(inbox, [
        mail("a"),
        mail("b"),
        mail("a"),
        withHeader("MESSAGE-ID:\r\n  <f@o>\r\n\r\n"),
      ]);
      const long = { ...mail("long").digest, header: null };
      mailboxes.append(inbox, [
        mail("long", { digest: long }),
        withHeader("Subject: x\r\n\r\nMessage-ID: none"),
      ]);
      mailboxes.append(other, [mail("a")]);
      expect(mailboxes.findByMessageId(inbox, "a@example")).toEqual([1, 3]);
      expect(mailboxes.findByMessageId(inbox, "f@o")).toEqual([4]);
      expect(mailboxes.findByMessageId(inbox, "long@example")).toEqual([5]);
      expect(mailboxes.findByMessageId(inbox, "none")).toEqual([]);
      mailboxes.expunge(inbox, [1], "any", null);
      expect(mailboxes.findByMessageId(inbox, "a@example")).toEqual([3]);
    });
  });
}
