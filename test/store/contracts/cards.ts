import { expect, test } from "@jest/globals";
import type { BookName, Card } from "../../../src/gateway/cards/ports.js";
import { address, type MakeStores } from "./values.js";

const card = (name: string, changes: Partial<Card> = {}): Card => ({
  user: "anna",
  book: "contacts",
  name,
  uid: `uid of ${name}`,
  text: "BEGIN:VCARD",
  label: "A",
  addresses: [address("a"), address("b")],
  ...changes,
});

export function cardsContract(make: MakeStores): void {
  const names = (cards: readonly { readonly name: string }[]) => cards.map(({ name }) => name);

  test("cards: each change has the next revision of its book, and what is gone can be told", () => {
    const { cards } = make();
    expect(cards.revision("anna", "contacts")).toBe(0);
    expect(cards.save(card("a"))).toEqual({ ...card("a"), revision: 1 });
    cards.save(card("b", { addresses: [] }));
    cards.save(card("a", { label: "B" }));
    expect(names(cards.list("anna", "contacts"))).toEqual(["b", "a"]);
    expect(cards.get("anna", "contacts", "a")).toEqual({ ...card("a", { label: "B" }), revision: 3 });
    expect(cards.get("anna", "contacts", "b")?.addresses).toEqual([]);
    const { text: _text, ...outline } = { ...card("a", { label: "B" }), revision: 3 };
    expect(cards.outlines("anna", "contacts")[1]).toEqual(outline);
    cards.remove("anna", "contacts", "b");
    cards.remove("anna", "contacts", "b");
    cards.remove("anna", "contacts", "never");
    expect(cards.revision("anna", "contacts")).toBe(4);
    expect(cards.get("anna", "contacts", "b")).toBeNull();
    expect(cards.removedSince("anna", "contacts", 0)).toEqual([{ name: "b", revision: 4 }]);
    expect(cards.removedSince("anna", "contacts", 4)).toEqual([]);
    cards.save(card("b"));
    expect(cards.removedSince("anna", "contacts", 0)).toEqual([]);
    expect(cards.revision("anna", "contacts")).toBe(5);
  });

  test("cards: each user and each book apart", () => {
    const { cards } = make();
    cards.save(card("a"));
    cards.save(card("a", { user: "bert" }));
    cards.save(card("a", { book: "own" }));
    const revisions = (["contacts", "own"] as BookName[]).map((book) => cards.revision("anna", book));
    expect(revisions).toEqual([1, 1]);
    cards.removeUser("anna");
    expect(cards.list("anna", "contacts")).toEqual([]);
    expect(cards.revision("anna", "own")).toBe(0);
    expect(names(cards.list("bert", "contacts"))).toEqual(["a"]);
  });

  test("cards: a change in a transaction that fails is undone, its revision too", () => {
    const { cards, transactions } = make();
    cards.save(card("a"));
    const failing = () =>
      transactions.run((): void => {
        cards.save(card("b"));
        cards.remove("anna", "contacts", "a");
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect(names(cards.list("anna", "contacts"))).toEqual(["a"]);
    expect(cards.revision("anna", "contacts")).toBe(1);
  });
}
