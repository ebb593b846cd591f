import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Address, decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { createAddressBook } from "../../../src/gateway/addresses.js";
import { createCardBackend } from "../../../src/gateway/cards/card-backend.js";
import { parseVCard, textValues } from "../../../src/mail/carddav/vcard.js";
import { openDatabase } from "../../../src/store/database.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";

type World = ReturnType<typeof createWorld>;
let world: World;

beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  world.database.close();
});

const anna = { name: "anna" };
const bert = { name: "bert" };

function addressOf(name: string): Address {
  const ripe = new Uint8Array(createHash("sha256").update(name).digest().subarray(0, 20));
  ripe[0] = 0;
  ripe[1] ||= 1;
  return encodeAddress(4, 1, ripe);
}

const al = addressOf("al");
const bo = addressOf("bo");

function createWorld() {
  const database = openDatabase(":memory:");
  const stores = createSqliteStores(database);
  const addresses = createAddressBook({ ...stores, domain: "bm.localhost", streams: [1] });
  const own: { user: string; address: Address; label: string; enabled: boolean; chan: boolean }[] = [];
  const backend = createCardBackend({
    ...stores,
    addresses,
    domain: "bm.localhost",
    identities: { list: () => own },
    logins: { authenticate: async () => null },
  });
  const contact = (address: Address, label: string, blocked = false) =>
    stores.contacts.save({ user: "anna", address, label, blocked });
  const list = (user = anna, book = "contacts") => {
    backend.books(user);
    return backend.cards(user, book);
  };
  return { database, stores, own, backend, contact, list };
}

const vcard = (uid: string, name: string, ...more: string[]) =>
  ["BEGIN:VCARD", "VERSION:4.0", `UID:${uid}`, `FN:${name}`, ...more, "END:VCARD", ""].join("\r\n");
const values = (text: string, name: string) => textValues(parseVCard(text), name);
const revisionOf = (book = "contacts", user = anna) =>
  world.backend.books(user).find(({ name }) => name === book)!.revision;

describe("contacts made elsewhere", () => {
  test("are cards with the mail address, the name and a note; the same bytes each time", () => {
    world.contact(al, "Al; Smith\u202e, x");
    const [card] = world.list();
    expect(card?.name).toBe(`${al}.vcf`);
    expect(values(card!.text, "EMAIL")).toEqual([`${al}@bm.localhost`]);
    expect(values(card!.text, "FN")).toEqual(["Al; Smith, x"]);
    expect(values(card!.text, "NOTE")).toEqual([`Bitmessage address: ${al}`]);
    expect(card?.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const revision = revisionOf();
    expect(world.list()).toEqual([card]);
    expect(revisionOf()).toBe(revision);
  });

  test("renamed, removed and blocked ones: clients hear of it", () => {
    world.contact(al, "Al");
    world.contact(bo, "Bo");
    const since = revisionOf();
    world.contact(al, "Albert");
    world.stores.contacts.remove("anna", bo);
    world.contact(addressOf("spam"), "", true);
    revisionOf();
    const told = world.backend.changes(anna, "contacts", since)!;
    expect(told.changes.map(({ name, card }) => [name, card && values(card.text, "FN")[0]])).toEqual(
      [
        [`${bo}.vcf`, null],
        [`${al}.vcf`, "Albert"],
      ].sort(),
    );
    expect(world.backend.changes(anna, "contacts", told.revision)?.changes).toEqual([]);
    expect(world.backend.changes(anna, "contacts", told.revision + 1)).toBeNull();
  });

  test("another user sees nothing of them", () => {
    world.contact(al, "Al");
    world.list();
    expect(world.list(bert)).toEqual([]);
    expect(world.backend.card(bert, "contacts", `${al}.vcf`)).toBeNull();
  });

  test("a rename keeps what the person wrote besides", () => {
    world.backend.save(
      anna,
      "contacts",
      "x",
      vcard("1", "Al", `EMAIL:${al}@bm.localhost`, "TEL:1", "N:Smith;Al;;;"),
    );
    world.contact(al, "Albert");
    const [card] = world.list();
    expect(values(card!.text, "FN")).toEqual(["Albert"]);
    expect(values(card!.text, "TEL")).toEqual(["1"]);
    expect(parseVCard(card!.text).lines.find(({ name }) => name === "N")?.value).toBe("Smith;Al;;;");
  });

  test("removed: a card with other ways to reach the person stays, without the address", () => {
    world.backend.save(anna, "contacts", "x", vcard("1", "Al", `EMAIL:${al}@bm.localhost`, "TEL:1"));
    world.stores.contacts.remove("anna", al);
    expect(world.list().map(({ text }) => [values(text, "EMAIL"), values(text, "TEL")])).toEqual([
      [[], ["1"]],
    ]);
    world.stores.contacts.save({ user: "anna", address: al, label: "Al", blocked: false });
    expect(world.list().map(({ name }) => name)).toEqual(["x", `${al}.vcf`]);
  });
});

describe("cards that a client writes", () => {
  test("make contacts, change their name, and take them away", () => {
    const text = vcard("1", "Al Smith", `EMAIL;PREF=1:${al}@bm.localhost`);
    expect(world.backend.save(anna, "contacts", "x.vcf", text).text).toBe(text);
    expect(world.stores.contacts.get("anna", al)).toMatchObject({ label: "Al Smith", blocked: false });
    expect(world.list()).toHaveLength(1);
    world.backend.save(anna, "contacts", "x.vcf", vcard("1", "Albert", `EMAIL:${bo}@bm.localhost`));
    expect(world.stores.contacts.list("anna")).toEqual([
      expect.objectContaining({ address: bo, label: "Albert" }),
    ]);
    world.backend.remove(anna, "contacts", "x.vcf");
    expect(world.stores.contacts.list("anna")).toEqual([]);
    expect(world.list()).toEqual([]);
  });

  test("taking the card away does not unblock", () => {
    world.contact(al, "Al", true);
    world.list();
    world.backend.remove(anna, "contacts", `${al}.vcf`);
    expect(world.stores.contacts.list("anna")).toEqual([
      { user: "anna", address: al, label: "", blocked: true },
    ]);
    expect(world.list()).toEqual([]);
  });

  test("an address without a domain or in the wrong case is put right", () => {
    world.contact(bo, "Bo");
    const bare = world.backend.save(anna, "contacts", "a", vcard("1", "Al", `EMAIL:${al}`));
    expect(values(bare.text, "EMAIL")).toEqual([`${al}@bm.localhost`]);
    const folded = world.backend.save(
      anna,
      "contacts",
      "b",
      vcard("2", "Bo", `EMAIL:${bo.toLowerCase()}@bm.localhost`),
    );
    expect(values(folded.text, "EMAIL")).toEqual([`${bo}@bm.localhost`]);
  });

  test("an address that cannot be right: the note tells, until it is", () => {
    const wrong = `${al.slice(0, -1)}${al.endsWith("x") ? "y" : "x"}`;
    const kept = world.backend.save(
      anna,
      "contacts",
      "a",
      vcard("1", "Al", `EMAIL:${wrong}@bm.localhost`, "NOTE:mine"),
    );
    expect(values(kept.text, "NOTE")).toEqual([
      expect.stringMatching(/^mine\n\[Bitmessage Bridge\] .*checksum/),
    ]);
    expect(world.stores.contacts.list("anna")).toEqual([]);
    const fixed = parseVCard(kept.text).lines.find(({ name }) => name === "NOTE")!.value;
    const again = world.backend.save(
      anna,
      "contacts",
      "a",
      vcard("1", "Al", `EMAIL:${al}@bm.localhost`, `NOTE:${fixed}`),
    );
    expect(values(again.text, "NOTE")).toEqual(["mine"]);
    expect(world.stores.contacts.get("anna", al)?.label).toBe("Al");
  });

  test("people without a Bitmessage address are kept as they are", () => {
    const text = vcard("1", "Carl", "EMAIL:carl@example.com");
    expect(world.backend.save(anna, "contacts", "c", text).text).toBe(text);
    expect(world.list().map((card) => card.text)).toEqual([text]);
    expect(world.stores.contacts.list("anna")).toEqual([]);
  });

  test("one person with two addresses; the second card of an address does not take it along when it goes", () => {
    world.backend.save(anna, "contacts", "a", vcard("1", "Al", `EMAIL:${al}@x`, `EMAIL:${bo}@x`));
    expect(world.stores.contacts.list("anna")).toHaveLength(2);
    world.backend.save(anna, "contacts", "b", vcard("2", "Bo", `EMAIL:${bo}@x`));
    world.backend.remove(anna, "contacts", "b");
    expect(world.stores.contacts.get("anna", bo)?.label).toBe("Bo");
  });

  test("when the first address of a card goes, the label of the next is told at once", () => {
    world.backend.save(anna, "contacts", "two", vcard("2", "Al", `EMAIL:${al}@x`, `EMAIL:${bo}@x`));
    world.contact(bo, "Bo", false);
    world.stores.contacts.remove("anna", al);
    const [card] = world.list();
    expect(values(card?.text ?? "", "FN")).toEqual(["Bo"]);
    const since = revisionOf("contacts");
    world.list();
    expect(revisionOf("contacts")).toBe(since);
  });

  test("names: from its parts, or the mail address, and on one harmless line", () => {
    const name = (...lines: string[]) => {
      const text = ["BEGIN:VCARD", "VERSION:3.0", "UID:1", ...lines, `EMAIL:${al}@x`, "END:VCARD", ""].join(
        "\r\n",
      );
      world.backend.save(anna, "contacts", "a", text);
      return world.stores.contacts.get("anna", al)?.label;
    };
    expect(name("FN:Al\\nBcc: x")).toBe("Al Bcc: x");
    expect(name("FN:", "N:Smith\\, Jr;Al;;;")).toBe("Al Smith, Jr");
    expect(name()).toBe(`${al}@x`);
  });
});

test("own addresses, chans and subscriptions, and what can be written to by name", () => {
  const { own, stores } = world;
  const mine = { user: "anna", enabled: true };
  own.push(
    { ...mine, address: al, label: "Work", chan: false },
    { ...mine, address: bo, label: "general", chan: true },
  );
  own.push({ ...mine, user: "bert", address: addressOf("bert"), label: "Bert", chan: false });
  stores.subscriptions.save({ ...mine, address: addressOf("news"), label: "News" });
  const shown = () => world.list(anna, "own").map(({ text }) => values(text, "FN")[0]);
  expect(shown()).toEqual(expect.arrayContaining(["Broadcast", "Work", "general", "News"]));
  expect(shown()).not.toContain("Bert");
  const since = revisionOf("own");
  own[0] = { ...own[0]!, enabled: false };
  expect(shown()).not.toContain("Work");
  expect(world.backend.changes(anna, "own", since)?.changes).toEqual([
    expect.objectContaining({ name: `${al}.vcf`, card: null }),
  ]);
});

test("whatever clients and commands do: contacts and cards tell the same, and a client that follows the changes has all", () => {
  const people = [al, bo, addressOf("carl")];
  const label = fc.constantFrom("Al", "Bo", "Ünï", "x;y", "");
  const person = fc.constantFrom(...people);
  const name = fc.constantFrom("one", "two", "three");
  const step = fc.oneof(
    fc.record({
      do: fc.constant("put" as const),
      name,
      label,
      people: fc.uniqueArray(person, { maxLength: 2 }),
    }),
    fc.record({ do: fc.constant("delete" as const), name }),
    fc.record({ do: fc.constant("contact" as const), person, label, blocked: fc.boolean() }),
    fc.record({ do: fc.constant("forget" as const), person }),
    fc.record({ do: fc.constant("sync" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const here = createWorld();
      const client = new Map<string, string>();
      let seen = 0;
      const sync = () => {
        here.backend.books(anna);
        const told = here.backend.changes(anna, "contacts", seen)!;
        for (const { name: own, card } of told.changes)
          card === null ? client.delete(own) : client.set(own, card.text);
        seen = told.revision;
      };
      for (const one of steps) {
        if (one.do === "put") {
          const mails = one.people.map((address) => `EMAIL:${address}@bm.localhost`);
          here.backend.save(anna, "contacts", one.name, vcard(one.name, one.label, ...mails));
        } else if (one.do === "delete") here.backend.remove(anna, "contacts", one.name);
        else if (one.do === "contact") here.contact(one.person, one.label, one.blocked);
        else if (one.do === "forget") here.stores.contacts.remove("anna", one.person);
        else sync();
      }
      sync();
      const cards = here.list();
      expect(client).toEqual(new Map(cards.map((card) => [card.name, card.text])));
      const shown = cards.flatMap(({ text }) =>
        values(text, "EMAIL").map((mail) => decodeAddress(mail.split("@")[0]!).address),
      );
      for (const contact of here.stores.contacts.list("anna"))
        if (contact.label !== "") expect(shown).toContain(contact.address);
      for (const address of shown) expect(here.stores.contacts.get("anna", address)).not.toBeNull();
      here.database.close();
    }),
    { numRuns: 60 },
  );
});
