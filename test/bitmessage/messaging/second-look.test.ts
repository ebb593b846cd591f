/** What came before its key did, or while that was switched off, is found when the key is there. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSecondLooks } from "../../../src/bitmessage/messaging/second-look.js";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { encodeObjectHeader, ObjectType } from "../../../src/bitmessage/protocol/object.js";
import { Network, NO_WORK, seededRandom, World } from "../../support/messaging/world.js";

let network: Network;
let home: World;
let alice: World;

beforeEach(() => {
  network = new Network();
  home = new World(network, "home");
  alice = new World(network, "alice");
});

afterEach(() => network.stop());

function bodiesOf(user: string): readonly string[] {
  return home.mailOf(user).map(({ content }) => (content.kind === "text" ? content.body : "?"));
}

const random = seededRandom("noise");

/** A msg for somebody else. */
function noise(world: World, count: number): void {
  for (let index = 0; index < count; index++) {
    const expires = network.time.now + 86_400;
    const header = encodeObjectHeader({ expires, type: ObjectType.msg, version: 1, stream: 1 });
    world.receive(concatBytes(random(8), header, random(300)));
  }
}

describe("an identity", () => {
  test("that was disabled gets what came meanwhile, once, and acknowledges it", async () => {
    const { identities } = home.messaging;
    const to = identities.create({ user: "anna", label: "" }).address;
    await network.settle();
    identities.disable("anna", to);
    const id = alice.send(alice.secretIdentity("alice"), to, "are you there?");
    await network.settle();
    expect([bodiesOf("anna"), alice.state(id)]).toEqual([[], "sent"]);
    identities.enable("anna", to);
    identities.enable("anna", to);
    await network.settle();
    identities.disable("anna", to);
    identities.enable("anna", to);
    await network.settle();
    expect([bodiesOf("anna"), alice.state(id)]).toEqual([["are you there?"], "acknowledged"]);
    expect(home.stores.secondLooks.list()).toEqual([]);
    expect(home.unprocessed()).toBe(0);
  });

  test("that is imported or made again from its passphrase gets what is still kept, and nothing a second time", async () => {
    const bob = new World(network, "bob");
    const wanted = { user: "anna", label: "Anna", passphrase: "secret" };
    const { address, keys, version, stream } = bob.messaging.identities.createDeterministic(wanted);
    const from = alice.secretIdentity("alice");
    alice.send(from, address, "one");
    await network.settle();
    expect(home.unprocessed()).toBe(0);
    home.messaging.identities.createDeterministic(wanted);
    await network.settle();
    expect(bodiesOf("anna")).toEqual(["one"]);
    home.messaging.identities.remove("anna", address);
    alice.send(from, address, "two");
    await network.settle();
    const rest = { label: "", enabled: true, chan: false, passphrase: null, lastPubkeySent: 0 };
    const imported = { user: "anna", version, stream, keys, ...rest, difficulty: NO_WORK };
    home.messaging.identities.import({ ...imported, sendsAcknowledgements: true });
    await network.settle();
    expect(bodiesOf("anna")).toEqual(["one", "two"]);
  });

  test("whose key was asked for while it was away answers", async () => {
    const wanted = { user: "anna", label: "Anna", passphrase: "secret" };
    const { address } = home.messaging.identities.createDeterministic(wanted);
    home.messaging.identities.disable("anna", address);
    const id = alice.send(alice.secretIdentity("alice"), address, "hello");
    await network.settle();
    expect(alice.state(id)).toBe("awaiting-pubkey");
    home.messaging.identities.enable("anna", address);
    await network.settle();
    expect([bodiesOf("anna"), alice.state(id)]).toEqual([["hello"], "acknowledged"]);
  });

  test("that is enabled while an object is in hand misses nothing", async () => {
    const { identities } = home.messaging;
    const [first, second] = ["anna", "berta"].map((user) => identities.create({ user, label: "" }).address);
    await network.settle();
    identities.disable("berta", second!);
    const from = alice.secretIdentity("alice");
    home.beforeDelivery = (message) => {
      if (message.to === first) identities.enable("berta", second!);
    };
    noise(home, 5);
    alice.send(from, second!, "early");
    alice.send(from, first!, "opens the door");
    alice.send(from, second!, "late");
    await network.settle();
    expect([...bodiesOf("berta")].sort()).toEqual(["early", "late"]);
  });
});

describe("a chan", () => {
  test("shows who joins what is still kept: the first, and the second, who has it no second time", async () => {
    const join = (user: string) => home.messaging.identities.joinChan({ user, passphrase: "general" });
    const { address } = alice.messaging.identities.joinChan({ user: "alice", passphrase: "general" });
    alice.send(address, address, "early");
    await network.settle();
    join("anna");
    await network.settle();
    alice.send(address, address, "middle");
    await network.settle();
    join("berta");
    await network.settle();
    expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([
      ["early", "middle"],
      ["early", "middle"],
    ]);
  });
});

test.each([2, 3, 4])(
  "a broadcaster of version %d shows who follows later what is still kept",
  async (version) => {
    const from = alice.addIdentity({ version }, "speaker").address;
    alice.send(from, from, "early", { kind: "broadcast" });
    noise(home, 100);
    await network.settle();
    const { subscriptions } = home.messaging;
    subscriptions.add({ user: "anna", address: from, label: "news" });
    await network.settle();
    subscriptions.add({ user: "berta", address: from, label: "news" });
    subscriptions.add({ user: "anna", address: from, label: "renamed" });
    await network.settle();
    expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["early"], ["early"]]);
    expect(home.stores.secondLooks.list()).toEqual([]);
  },
);

describe("a large inventory", () => {
  const looked = (world: World) => world.stores.secondLooks.list().map(({ after }) => after);

  test("is looked through once for keys that come together, also when they come one after the other and the process dies", async () => {
    const bob = new World(network, "bob");
    const wanted = ["a", "b", "c"].map((passphrase) => ({ user: passphrase, label: "", passphrase }));
    const from = alice.secretIdentity("alice");
    for (const each of wanted) {
      const { address } = bob.messaging.identities.createDeterministic(each);
      noise(home, 150);
      alice.send(from, address, `to ${each.user}`);
      await network.settle();
    }
    noise(home, 150);
    await network.settle();
    expect(home.mail).toEqual([]);
    let pages = 0;
    const read = home.stores.objectQueue.processedAfter;
    home.stores.objectQueue.processedAfter = (...parameters) => {
      pages++;
      if (pages === 3) home.messaging.identities.createDeterministic(wanted[2]!);
      if (pages === 5) void home.restart();
      return read(...parameters);
    };
    for (const each of wanted.slice(0, 2)) home.messaging.identities.createDeterministic(each);
    await network.settle();
    await network.settle();
    expect(wanted.map(({ user }) => bodiesOf(user))).toEqual([["to a"], ["to b"], ["to c"]]);
    expect(looked(home)).toEqual([]);
    expect(home.unprocessed()).toBe(0);
  });

  test("is left alone when the identity is switched off again or goes", async () => {
    noise(home, 300);
    await network.settle();
    const wanted = { user: "anna", label: "", passphrase: "secret" };
    const { address } = home.messaging.identities.createDeterministic(wanted);
    home.messaging.identities.disable("anna", address);
    await network.settle();
    expect(looked(home)).toEqual([]);
    home.messaging.identities.enable("anna", address);
    home.messaging.identities.remove("anna", address);
    await network.settle();
    expect(looked(home)).toEqual([]);
  });

  test("does not keep new messages waiting", async () => {
    noise(home, 2000);
    const to = home.messaging.identities.create({ user: "anna", label: "" }).address;
    await network.settle();
    const order: string[] = [];
    home.beforeDelivery = (message) => {
      order.push(message.content.kind === "text" ? message.content.body : "?");
      order.push(looked(home).length > 0 ? "while looking" : "after");
    };
    const read = home.stores.objectQueue.processedAfter;
    let pages = 0;
    home.stores.objectQueue.processedAfter = (...parameters) => {
      if (pages++ === 2) alice.send(alice.secretIdentity("alice"), to, "urgent");
      return read(...parameters);
    };
    home.messaging.identities.createDeterministic({ user: "berta", label: "", passphrase: "secret" });
    await network.settle();
    expect(order).toEqual(["urgent", "while looking"]);
  });

  /** So many steps of a pass; all of them where it never ends. */
  function steps(): number {
    const looks = createSecondLooks({ stores: home.stores, clock: () => network.time.now });
    let count = 0;
    while (count < 1000 && looks.step() === "more") count++;
    return count;
  }

  /** Two identities, of which one has been looked for up to a place where there is no message. */
  async function twoLooks(): Promise<readonly string[]> {
    noise(home, 3);
    await network.settle();
    await home.messaging.stop();
    const addresses = ["a", "b"].map((passphrase) => {
      const wanted = { user: passphrase, label: "", passphrase };
      return home.messaging.identities.createDeterministic(wanted).address;
    });
    return addresses;
  }

  test("has an end also where one that is further on stands between messages", async () => {
    const [, second] = await twoLooks();
    const { secondLooks, objectQueue } = home.stores;
    secondLooks.save({ kind: "identity", address: second as never, after: 50 });
    // Three messages at 10, 60 and 70, objects of other types between them.
    const places = [10, 60, 70];
    const bytes = objectQueue.processedAfter(ObjectType.msg, 0, 1).objects[0]!;
    objectQueue.processedAfter = (_type, position) => {
      const last = position >= 70 ? null : Math.min(70, position + 64);
      const objects = places
        .filter((place) => place > position && place <= (last ?? 0))
        .map((place) => ({ ...bytes, position: place }));
      return { objects, last };
    };
    expect(steps()).toBeLessThan(20);
    expect(looked(home)).toEqual([]);
  });

  test("has an end also where reading a page takes longer than a slice", async () => {
    await twoLooks();
    const read = home.stores.objectQueue.processedAfter;
    home.stores.objectQueue.processedAfter = (...parameters) => {
      const end = performance.now() + 12;
      const page = read(...parameters);
      while (performance.now() < end);
      return page;
    };
    expect(steps()).toBeLessThan(20);
    expect(looked(home)).toEqual([]);
  });
});
