/** What every Backend has to do, run against each of them. The sentences are those of `backend.ts`. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type {
  Backend,
  MailboxListChange,
  MailboxUpdate,
  NewMessage,
  OpenMailbox,
  UserMail,
} from "../../../src/mail/imap/backend.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";

const ALL_PARTS = [
  "internalDate",
  "sentDate",
  "saveDate",
  "emailId",
  "size",
  "envelope",
  "body",
  "bodyStructure",
  "header",
  "sentSeconds",
  "sentDay",
  "subject",
  "addresses",
  "references",
] as const;

const origin = { service: "imap", remoteAddress: "127.0.0.1" } as const;

export interface BackendFixture {
  readonly backend: Backend;
  /** Somebody who exists and has an empty mail with an INBOX. */
  readonly username: string;
  readonly password: string;
  close(): Promise<void> | void;
}

export function message(text: string, flags: readonly string[] = []): NewMessage {
  const bytes = new Uint8Array(Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`));
  return { bytes, flags, internalDate: { seconds: 1_000_000_000, zone: 120 }, digest: digestMessage(bytes) };
}

interface Opened {
  readonly handle: OpenMailbox;
  readonly updates: MailboxUpdate[];
}

export function describeBackend(
  name: string,
  createBackend: () => Promise<BackendFixture> | BackendFixture,
): void {
  describe(`the backend contract: ${name}`, () => {
    let fixture: BackendFixture;
    let mail: UserMail;
    let other: UserMail;

    const login = async (): Promise<UserMail> => {
      const user = await fixture.backend.authenticate({
        username: fixture.username,
        password: fixture.password,
        ...origin,
      });
      if (!user) throw new Error("the fixture's user cannot log in");
      return fixture.backend.openUser(user);
    };

    const open = async (
      by: UserMail,
      box = "INBOX",
      access: "read-write" | "read-only" = "read-write",
    ): Promise<Opened> => {
      const updates: MailboxUpdate[] = [];
      const handle = await by.openMailbox(box, (update) => updates.push(update), access);
      if (!handle) throw new Error(`no mailbox ${box}`);
      return { handle, updates };
    };

    const flagsOf = async (uid: number): Promise<readonly string[] | undefined> => {
      const { handle } = await open(mail, "INBOX", "read-only");
      const state = handle.snapshot.messages.find((one) => one.uid === uid);
      handle.close();
      return state?.flags;
    };

    beforeEach(async () => {
      fixture = await createBackend();
      mail = await login();
      other = await login();
    });
    afterEach(async () => {
      mail.close();
      other.close();
      await fixture.close();
    });

    describe("logging in", () => {
      test("a wrong password and an unknown user get null", async () => {
        const { username, password } = fixture;
        expect(
          await fixture.backend.authenticate({ username, password: `${password}x`, ...origin }),
        ).toBeNull();
        expect(await fixture.backend.authenticate({ username, password: "", ...origin })).toBeNull();
        expect(
          await fixture.backend.authenticate({ username: "no such user", password, ...origin }),
        ).toBeNull();
      });
    });

    describe("mailboxes", () => {
      test("each special use is there at most once; INBOX always", async () => {
        const mailboxes = await mail.listMailboxes();
        expect(mailboxes.map((one) => one.name)).toContain("INBOX");
        const uses = mailboxes.map((one) => one.specialUse).filter((use) => use !== undefined);
        expect(new Set(uses).size).toBe(uses.length);
        const ids = mailboxes.map((one) => one.id);
        expect(new Set(ids).size).toBe(ids.length);
      });

      test("creating twice is ALREADYEXISTS, deleting and renaming what is not there NONEXISTENT", async () => {
        await mail.createMailbox("a/b/c", {});
        await expect(mail.createMailbox("a/b/c", {})).rejects.toMatchObject({
          status: "NO",
          code: "ALREADYEXISTS",
        });
        const names = (await other.listMailboxes()).map((one) => one.name);
        expect(names).toEqual(expect.arrayContaining(["a", "a/b", "a/b/c"]));
        await expect(mail.deleteMailbox("gone")).rejects.toMatchObject({ status: "NO", code: "NONEXISTENT" });
        await expect(mail.renameMailbox("gone", "x")).rejects.toMatchObject({
          status: "NO",
          code: "NONEXISTENT",
        });
        await expect(mail.renameMailbox("a/b", "INBOX")).rejects.toMatchObject({ code: "ALREADYEXISTS" });
      });

      test("of what is not there: status, opening and appending give null", async () => {
        expect(await mail.status("gone")).toBeNull();
        expect(await mail.openMailbox("gone", () => {}, "read-write")).toBeNull();
        expect(await mail.append("gone", [message("x")])).toBeNull();
      });

      test("renaming takes the children along and keeps UIDs, UIDVALIDITY and id", async () => {
        await mail.createMailbox("from/below", {});
        await mail.append("from/below", [message("1"), message("2")]);
        const before = await mail.status("from/below");
        await mail.renameMailbox("from", "to");
        expect(await mail.status("to/below")).toEqual(before);
        expect(await mail.status("from/below")).toBeNull();
      });

      test("renaming INBOX moves its messages", async () => {
        await mail.append("INBOX", [message("1", ["\\Seen"])]);
        await mail.renameMailbox("INBOX", "old");
        expect(await mail.status("INBOX")).toMatchObject({ messages: 0 });
        expect(await mail.status("old")).toMatchObject({ messages: 1, unseen: 0 });
      });

      test("a mailbox made again has a larger UIDVALIDITY", async () => {
        await mail.createMailbox("again", {});
        const first = await mail.status("again");
        await mail.deleteMailbox("again");
        await mail.createMailbox("again", {});
        expect((await mail.status("again"))!.uidValidity).toBeGreaterThan(first!.uidValidity);
      });

      test("deleting tells those who have it open, and leaves the children", async () => {
        await mail.createMailbox("up/down", {});
        const { updates } = await open(other, "up");
        await mail.deleteMailbox("up");
        expect(updates).toContainEqual({ type: "deleted" });
        expect(await mail.status("up/down")).not.toBeNull();
        const up = (await mail.listMailboxes()).find((one) => one.name === "up");
        expect(up?.selectable ?? false).toBe(false);
      });

      test("subscriptions outlive their mailboxes and are told", async () => {
        const changes: MailboxListChange[] = [];
        const stop = mail.watch((change) => changes.push(change));
        await other.setSubscription("elsewhere", "subscribed");
        await other.setSubscription("elsewhere", "subscribed");
        expect(await mail.listSubscriptions()).toContain("elsewhere");
        expect(changes).toContainEqual({ type: "subscribed", name: "elsewhere" });
        stop();
        await other.setSubscription("elsewhere", "unsubscribed");
        expect(await mail.listSubscriptions()).not.toContain("elsewhere");
        expect(changes.filter((change) => change.type === "unsubscribed")).toEqual([]);
      });

      test("what changes the numbers of a mailbox is told with its name: mail that comes, flags, mail that goes", async () => {
        const changes: MailboxListChange[] = [];
        await other.createMailbox("box", {});
        mail.watch((change) => changes.push(change));
        const status = { type: "status", name: "box" };
        const uids = (await other.append("box", [message("1"), message("2")]))!.uids;
        expect(changes.splice(0)).toContainEqual(status);
        const { handle } = await open(other, "box");
        await handle.store(uids, { action: "add", flags: ["\\Deleted"] });
        expect(changes.splice(0)).toContainEqual(status);
        await handle.copy([uids[0]!], "box");
        expect(changes.splice(0)).toContainEqual(status);
        await handle.expunge("all", "deleted-only");
        expect(changes.splice(0)).toContainEqual(status);
        await other.renameMailbox("box", "chest");
        expect(changes).toContainEqual({ type: "renamed", name: "chest", oldName: "box" });
        await other.deleteMailbox("chest");
        expect(changes).toContainEqual({ type: "deleted", name: "chest" });
      });

      test("UIDs that have gone are known by MODSEQ, ascending, also to who comes later", async () => {
        const uids = (await mail.append(
          "INBOX",
          ["1", "2", "3"].map((text) => message(text)),
        ))!.uids;
        const first = await open(mail);
        const start = (await mail.status("INBOX"))!.highestModSeq;
        const gone = await first.handle.expunge([uids[2]!], "any");
        await first.handle.expunge([uids[0]!], "any");
        first.handle.close();
        const { handle } = await open(other);
        expect(await handle.vanishedSince(start)).toEqual([uids[0], uids[2]]);
        expect(await handle.vanishedSince(gone.highestModSeq)).toEqual([uids[0]]);
        expect(await handle.vanishedSince(handle.snapshot.highestModSeq)).toEqual([]);
      });

      test("a mailbox that comes is told with its name", async () => {
        const changes: MailboxListChange[] = [];
        mail.watch((change) => changes.push(change));
        await other.createMailbox("fresh", {});
        expect(changes).toContainEqual({ type: "created", name: "fresh" });
      });
    });

    describe("appending", () => {
      test("gives growing UIDs and tells everyone who has it open, the appender too", async () => {
        const mine = await open(mail);
        const theirs = await open(other);
        const result = await mail.append("INBOX", [message("1", ["\\Seen", "kw"]), message("2")]);
        expect(result!.uids).toHaveLength(2);
        expect(result!.uids[1]).toBeGreaterThan(result!.uids[0]!);
        for (const { updates } of [mine, theirs]) {
          const told = updates.flatMap((update) => (update.type === "appended" ? update.messages : []));
          expect(told.map((state) => state.uid)).toEqual(result!.uids);
          expect([...told[0]!.flags].sort()).toEqual(["\\Seen", "kw"]);
          expect(told[0]!.modSeq).toBeGreaterThan(mine.handle.snapshot.highestModSeq);
        }
        const status = await mail.status("INBOX");
        expect(status).toMatchObject({ messages: 2, unseen: 1, uidNext: result!.uids[1]! + 1 });
        expect(status!.uidValidity).toBe(result!.uidValidity);
      });

      test("what was kept comes back octet by octet, with date and digest", async () => {
        const bytes = new Uint8Array(Buffer.from("A: \xe4\nb\r\n\r\n\r\x00\xff", "latin1"));
        const digest = digestMessage(bytes);
        const given: NewMessage = { bytes, flags: [], internalDate: { seconds: 86_399, zone: -90 }, digest };
        const [uid] = (await mail.append("INBOX", [given]))!.uids;
        const { handle } = await open(other);
        expect(Buffer.from((await handle.read(uid!))!)).toEqual(Buffer.from(bytes));
        const [record] = await handle.records([uid!], ALL_PARTS);
        expect(record).toMatchObject({ uid, internalDate: { seconds: 86_399, zone: -90 } });
        expect(record!.digest).toEqual(digest);
      });

      test("UIDs are never used again", async () => {
        const [uid] = (await mail.append("INBOX", [message("1", ["\\Deleted"])]))!.uids;
        const { handle } = await open(mail);
        await handle.expunge("all", "deleted-only");
        const [next] = (await mail.append("INBOX", [message("2")]))!.uids;
        expect(next).toBeGreaterThan(uid!);
      });

      test("a message is \\Recent to one session at most", async () => {
        await mail.append("INBOX", [message("1")]);
        expect(await mail.status("INBOX")).toMatchObject({ recent: 1 });
        const reader = await open(mail, "INBOX", "read-only");
        const [state] = reader.handle.snapshot.messages;
        expect(state!.uid).toBeGreaterThanOrEqual(reader.handle.snapshot.recentFrom);
        const first = await open(mail);
        const second = await open(other);
        expect(state!.uid).toBeGreaterThanOrEqual(first.handle.snapshot.recentFrom);
        expect(state!.uid).toBeLessThan(second.handle.snapshot.recentFrom);
        expect(await mail.status("INBOX")).toMatchObject({ recent: 0 });
        await mail.append("INBOX", [message("2")]);
        const recent = [first, second].filter(({ updates }) =>
          updates.some((update) => update.type === "appended" && update.recent !== false),
        );
        expect(recent).toHaveLength(1);
      });
    });

    describe("flags", () => {
      test("are added, removed, replaced; others are told, the storer is not", async () => {
        const uids = (await mail.append("INBOX", [message("1"), message("2", ["\\Seen"])]))!.uids;
        const mine = await open(mail);
        const theirs = await open(other);
        const before = mine.handle.snapshot.highestModSeq;
        const added = await mine.handle.store(uids, { action: "add", flags: ["\\Seen", "kw"] });
        expect(added.changed.map((state) => [...state.flags].sort())).toEqual([
          ["\\Seen", "kw"],
          ["\\Seen", "kw"],
        ]);
        expect(added.changed.every((state) => state.modSeq > before)).toBe(true);
        expect(mine.updates).toEqual([]);
        const told = theirs.updates.flatMap((update) => (update.type === "flags" ? update.messages : []));
        expect(told.map((state) => state.uid).sort()).toEqual([...uids].sort());
        await mine.handle.store([uids[0]!], { action: "remove", flags: ["\\Seen"] });
        expect(await flagsOf(uids[0]!)).toEqual(["kw"]);
        await mine.handle.store([uids[0]!], { action: "replace", flags: ["\\Flagged"] });
        expect(await flagsOf(uids[0]!)).toEqual(["\\Flagged"]);
      });

      test("that are there already are matched, and nobody is told", async () => {
        const uids = (await mail.append("INBOX", [message("1", ["\\Seen"])]))!.uids;
        const mine = await open(mail);
        const theirs = await open(other);
        const { changed } = await mine.handle.store(uids, { action: "add", flags: ["\\Seen"] });
        expect(changed).toHaveLength(1);
        expect(changed[0]!.modSeq).toBe(mine.handle.snapshot.messages[0]!.modSeq);
        expect(theirs.updates).toEqual([]);
      });

      test("unchangedSince refuses what has changed; UIDs that are gone are left out", async () => {
        const uids = (await mail.append("INBOX", [message("1"), message("2")]))!.uids;
        const { handle } = await open(mail);
        const [changed] = (await handle.store([uids[1]!], { action: "add", flags: ["\\Seen"] })).changed;
        const result = await handle.store([...uids, 999_999], {
          action: "add",
          flags: ["\\Flagged"],
          unchangedSince: changed!.modSeq - 1,
        });
        expect(result.modified).toEqual([uids[1]]);
        expect(result.changed.map((state) => state.uid)).toEqual([uids[0]]);
      });

      test("keywords are known to the mailbox", async () => {
        await mail.append("INBOX", [message("1", ["$label1"])]);
        const { handle } = await open(mail);
        expect(handle.snapshot.keywords).toContain("$label1");
      });
    });

    describe("expunging", () => {
      test("only what has \\Deleted, only of the UIDs given; others are told and can still read", async () => {
        const uids = (await mail.append("INBOX", [
          message("1", ["\\Deleted"]),
          message("2"),
          message("3", ["\\Deleted"]),
        ]))!.uids;
        const mine = await open(mail);
        const theirs = await open(other);
        const before = (await mail.status("INBOX"))!.highestModSeq;
        const first = await mine.handle.expunge([uids[0]!, uids[1]!], "deleted-only");
        expect(first.expunged).toEqual([uids[0]]);
        expect(first.highestModSeq).toBeGreaterThan(before);
        expect(await theirs.handle.records([uids[0]!], ALL_PARTS)).toHaveLength(1);
        expect(await theirs.handle.read(uids[0]!)).not.toBeNull();
        expect((await mine.handle.expunge("all", "deleted-only")).expunged).toEqual([uids[2]]);
        expect((await mine.handle.expunge([uids[1]!, uids[1]!, 999_999], "any")).expunged).toEqual([uids[1]]);
        expect((await mine.handle.expunge("all", "deleted-only")).expunged).toEqual([]);
        const gone = theirs.updates.flatMap((update) => (update.type === "expunged" ? update.uids : []));
        expect([...gone].sort()).toEqual([...uids].sort());
        expect(mine.updates).toEqual([]);
        theirs.handle.forgetExpunged();
        expect(await theirs.handle.read(uids[0]!)).toBeNull();
        expect(await mine.handle.vanishedSince(first.highestModSeq)).toEqual([uids[1], uids[2]]);
      });
    });

    describe("copying and moving", () => {
      test("null when the destination is not there, and nothing happens", async () => {
        const uids = (await mail.append("INBOX", [message("1")]))!.uids;
        const { handle } = await open(mail);
        expect(await handle.copy(uids, "gone")).toBeNull();
        expect(await handle.move(uids, "gone")).toBeNull();
        expect(await mail.status("INBOX")).toMatchObject({ messages: 1 });
      });

      test("keeps flags, date and identity; in the order of ascending UIDs", async () => {
        const uids = (await mail.append("INBOX", [message("1", ["\\Seen", "kw"]), message("2")]))!.uids;
        await mail.createMailbox("box", {});
        const source = await open(mail);
        const target = await open(other, "box");
        const result = await source.handle.copy([uids[1]!, uids[0]!, 999_999], "box");
        expect(result!.sourceUids).toEqual(uids);
        expect(result!.destinationUids).toHaveLength(2);
        expect(result!.uidValidity).toBe((await mail.status("box"))!.uidValidity);
        const [original] = await source.handle.records([uids[0]!], ALL_PARTS);
        const [copied] = await target.handle.records([result!.destinationUids[0]!], ALL_PARTS);
        expect(copied!.emailId).toBe(original!.emailId);
        expect(copied!.internalDate).toEqual(original!.internalDate);
        const told = target.updates.flatMap((update) => (update.type === "appended" ? update.messages : []));
        expect([...told[0]!.flags].sort()).toEqual(["\\Seen", "kw"]);
      });

      test("moving takes them from the source and tells its other sessions; onto itself gives new UIDs", async () => {
        const uids = (await mail.append("INBOX", [message("1"), message("2")]))!.uids;
        await mail.createMailbox("box", {});
        const mine = await open(mail);
        const theirs = await open(other);
        const moved = await mine.handle.move([uids[0]!], "box");
        expect(moved!.expunged).toEqual([uids[0]]);
        expect(moved!.sourceUids).toEqual([uids[0]]);
        expect(await mail.status("INBOX")).toMatchObject({ messages: 1 });
        expect(await mail.status("box")).toMatchObject({ messages: 1 });
        expect(theirs.updates.map((update) => update.type)).toContain("expunged");
        const itself = await mine.handle.move([uids[1]!], "INBOX");
        expect(itself!.destinationUids[0]).toBeGreaterThan(uids[1]!);
        expect(mine.updates.map((update) => update.type)).toEqual(["appended"]);
        expect(await mail.status("INBOX")).toMatchObject({ messages: 1 });
      });
    });

    describe("replacing", () => {
      test("to nowhere gives null, of what is gone EXPUNGEISSUED; nothing changes", async () => {
        const [uid] = (await mail.append("INBOX", [message("1")]))!.uids;
        const { handle } = await open(mail);
        const theirs = await open(other);
        expect(await handle.replace(uid!, "gone", message("2"))).toBeNull();
        await expect(handle.replace(999_999, "INBOX", message("2"))).rejects.toMatchObject({
          status: "NO",
          code: "EXPUNGEISSUED",
        });
        await theirs.handle.expunge([uid!], "any");
        await expect(handle.replace(uid!, "INBOX", message("2"))).rejects.toMatchObject({
          code: "EXPUNGEISSUED",
        });
        expect(await mail.status("INBOX")).toMatchObject({ messages: 0, uidNext: uid! + 1 });
      });

      test("puts the new message in the place of the old, here or elsewhere, and tells as appending and expunging do", async () => {
        const uids = (await mail.append("INBOX", [message("1"), message("2")]))!.uids;
        await mail.createMailbox("box", {});
        const mine = await open(mail);
        const theirs = await open(other);
        const before = mine.handle.snapshot.highestModSeq;
        const here = await mine.handle.replace(uids[0]!, "INBOX", message("new", ["\\Draft"]));
        expect(here!.expunged).toEqual([uids[0]]);
        expect(here!.uids[0]).toBeGreaterThan(uids[1]!);
        expect(here!.uidValidity).toBe(mine.handle.snapshot.uidValidity);
        expect(here!.highestModSeq).toBeGreaterThan(before);
        expect(mine.updates.map((update) => update.type)).toEqual(["appended"]);
        expect(theirs.updates.map((update) => update.type).sort()).toEqual(["appended", "expunged"]);
        const [old] = await theirs.handle.records([uids[0]!], ALL_PARTS);
        const [fresh] = await mine.handle.records(here!.uids, ALL_PARTS);
        expect(fresh!.emailId).not.toBe(old!.emailId);
        expect(await flagsOf(here!.uids[0]!)).toEqual(["\\Draft"]);
        const elsewhere = await mine.handle.replace(uids[1]!, "box", message("moved"));
        expect(elsewhere!.expunged).toEqual([uids[1]]);
        expect(elsewhere!.uidValidity).toBe((await mail.status("box"))!.uidValidity);
        expect(await mail.status("INBOX")).toMatchObject({ messages: 1 });
        expect(await mail.status("box")).toMatchObject({ messages: 1 });
      });
    });

    test("ids are object identifiers (RFC 8474 section 7)", async () => {
      const [uid] = (await mail.append("INBOX", [message("1")]))!.uids;
      const { handle } = await open(mail);
      const [record] = await handle.records([uid!], ALL_PARTS);
      const ids = [record!.emailId, handle.snapshot.id, ...(await mail.listMailboxes()).map((one) => one.id)];
      for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,255}$/);
      expect((await mail.status("INBOX"))!.id).toBe(handle.snapshot.id);
    });

    test("a closed handle hears nothing more", async () => {
      const { handle, updates } = await open(mail);
      handle.close();
      await other.append("INBOX", [message("1")]);
      expect(updates).toEqual([]);
    });
  });
}
