import { describe, expect, test } from "@jest/globals";
import { contact, type MakeStores, mail, object, witness } from "./values.js";

export function transactionsContract(make: MakeStores): void {
  describe("transactions", () => {
    test("what throws leaves nothing in any store, and drops its effects", () => {
      const stores = make();
      const said: string[] = [];
      const inbox = stores.mailboxes.create("anna", "INBOX", {});
      const watcher = witness();
      stores.mailboxes.subscribe(inbox, watcher);
      const before = stores.mailboxes.status(inbox);
      expect(() =>
        stores.transactions.run(() => {
          stores.inventory.add([object(1)]);
          stores.contacts.save(contact("bert"));
          stores.mailboxes.append(inbox, [mail("one", { flags: ["$new"] })]);
          stores.mailboxes.create("anna", "a/b", {});
          stores.transactions.afterCommit(() => said.push("never"));
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(stores.inventory.totals()).toEqual({ objects: 0, bytes: 0 });
      expect(stores.contacts.list("anna")).toEqual([]);
      expect(stores.mailboxes.status(inbox)).toEqual(before);
      expect(stores.mailboxes.list("anna")).toHaveLength(1);
      expect(watcher.updates).toEqual([]);
      expect(said).toEqual([]);
      const later = stores.mailboxes.append(inbox, [mail("one", { flags: ["$new"] })]);
      expect(stores.mailboxes.snapshot(inbox, "read-only").messages[0]?.flags).toEqual(["$new"]);
      expect(later.uids).toEqual([1]);
    });

    test("as many effects as there are happen, in their order", () => {
      const stores = make();
      const count = 200_000;
      const happened: number[] = [];
      stores.transactions.run(() => {
        for (let number = 0; number < count; number++)
          stores.transactions.afterCommit(() => happened.push(number));
      });
      expect(happened).toHaveLength(count);
      expect(happened.every((number, index) => number === index)).toBe(true);
    });

    test("a nested one that throws undoes its own work only", () => {
      const stores = make();
      const said: string[] = [];
      stores.transactions.run(() => {
        stores.contacts.save(contact("outer"));
        stores.transactions.afterCommit(() => said.push("outer"));
        try {
          stores.transactions.run(() => {
            stores.contacts.save(contact("inner"));
            stores.contacts.save(contact("outer", { label: "changed" }));
            stores.transactions.afterCommit(() => said.push("inner"));
            throw new Error("no");
          });
        } catch {}
        expect(said).toEqual([]);
      });
      expect(stores.contacts.list("anna")).toEqual([contact("outer")]);
      expect(said).toEqual(["outer"]);
    });

    test("a nested one is undone with the outer one", () => {
      const stores = make();
      const work = () =>
        stores.transactions.run(() => {
          stores.transactions.run(() => stores.contacts.save(contact("inner")));
          throw new Error("no");
        });
      expect(work).toThrow("no");
      expect(stores.contacts.list("anna")).toEqual([]);
    });

    test("effects run after the outer commit, in order, and those of later commits after them", () => {
      const stores = make();
      const said: string[] = [];
      stores.transactions.afterCommit(() => said.push("at once"));
      const result = stores.transactions.run(() => {
        stores.transactions.run(() => stores.transactions.afterCommit(() => said.push("first")));
        stores.transactions.afterCommit(() =>
          stores.transactions.run(() => stores.transactions.afterCommit(() => said.push("next commit"))),
        );
        stores.transactions.afterCommit(() => said.push("second"));
        expect(said).toEqual(["at once"]);
        return 7;
      });
      expect(result).toBe(7);
      expect(said).toEqual(["at once", "first", "second", "next commit"]);
    });

    test("an effect that throws is reported; the commit and the other effects stand", () => {
      const errors: unknown[] = [];
      const stores = make({ reportError: (error) => errors.push(error) });
      const said: string[] = [];
      stores.transactions.run(() => {
        stores.contacts.save(contact("bert"));
        stores.transactions.afterCommit(() => {
          throw new Error("effect");
        });
        stores.transactions.afterCommit(() => said.push("second"));
      });
      expect(errors).toHaveLength(1);
      expect(said).toEqual(["second"]);
      expect(stores.contacts.list("anna")).toHaveLength(1);
    });

    test("asynchronous work is refused and undone", () => {
      const stores = make();
      const work = async () => stores.contacts.save(contact("bert"));
      // @ts-expect-error: the type refuses it as well
      expect(() => stores.transactions.run(work)).toThrow("asynchronous");
      expect(stores.contacts.list("anna")).toEqual([]);
      stores.transactions.run(() => stores.contacts.save(contact("carl")));
      expect(stores.contacts.list("anna")).toHaveLength(1);
    });
  });
}
