import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { decodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { ObjectType } from "../../../src/bitmessage/protocol/object.js";
import { Network, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
});

afterEach(() => network.stop());

describe("a random identity", () => {
  test("is of version 4 and publishes its key once", async () => {
    const { identities } = alice.messaging;
    const { address } = identities.create({ user: "alice", label: "me" });
    expect(identities.get("alice", address)).toMatchObject({
      pubkeyPending: true,
      lastPubkeySent: network.time.now,
    });
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(1);
    expect(identities.list()).toMatchObject([
      { address, version: 4, stream: 1, label: "me", user: "alice", chan: false, pubkeyPending: false },
    ]);
    expect(decodeAddress(address).ripe[0]).toBe(0);
  });

  test("is searched for in slices: the event loop goes on, a stop ends it", async () => {
    const { identities } = alice.messaging;
    const found = await identities.search({ user: "alice", label: "me" });
    expect(decodeAddress(found.address).ripe[0]).toBe(0);
    const passphrase = "a phrase";
    const { address } = await identities.search({ user: "alice", label: "other", passphrase });
    expect(() => identities.createDeterministic({ user: "alice", label: "again", passphrase })).toThrow(
      address,
    );
    const search = identities.search({ user: "alice", label: "short", nullBytes: 2 });
    // Were it one piece of work, it would have found the keys before this line.
    identities.stop();
    await expect(search).rejects.toMatchObject({ code: "stopped" });
    expect(identities.list()).toHaveLength(2);
  });

  test("survives a crash before its key is published", async () => {
    alice.solver.hold();
    alice.identity();
    await network.settle();
    await alice.restart();
    alice.solver.release();
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(1);
  });

  test("is not there when the caller's transaction fails", async () => {
    const failing = () =>
      alice.stores.transactions.run((): void => {
        alice.identity();
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    await network.settle();
    expect(alice.messaging.identities.list()).toEqual([]);
    expect(network.objects).toEqual([]);
  });
});

describe("an identity from a passphrase", () => {
  test("is always the same, publishes nothing, and cannot be made twice", async () => {
    const { identities } = alice.messaging;
    const wanted = { user: "alice", label: "me", passphrase: "correct horse" };
    const { address } = identities.createDeterministic(wanted);
    const bob = new World(network, "bob");
    expect(bob.messaging.identities.createDeterministic({ ...wanted, user: "bob" }).address).toBe(address);
    expect(() => identities.createDeterministic(wanted)).toThrow(
      expect.objectContaining({ code: "identity-exists" }),
    );
    await network.settle();
    expect(network.objects).toEqual([]);
  });
});

describe("a chan", () => {
  const general = "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r" as Address;

  test("may be joined again, and by others under their own labels", () => {
    const { identities } = alice.messaging;
    const chan = identities.joinChan({ user: "alice", passphrase: "general", address: general });
    expect(identities.joinChan({ user: "alice", passphrase: "general" })).toEqual(chan);
    identities.joinChan({ user: "bob", passphrase: "general", label: "his" });
    identities.setLabel("alice", general, "hers");
    identities.disable("bob", general);
    expect(identities.owners(general)).toMatchObject([
      { user: "alice", label: "hers", enabled: true },
      { user: "bob", label: "his", enabled: false },
    ]);
    identities.leaveChan("alice", general);
    expect(identities.owners(general)).toMatchObject([{ user: "bob", label: "his" }]);
  });

  test("and an ordinary identity cannot have one address; an ordinary one has one owner", () => {
    const { identities } = alice.messaging;
    const exists = expect.objectContaining({ code: "identity-exists" });
    const wanted = { user: "alice", label: "", passphrase: "general" };
    identities.joinChan({ user: "bob", passphrase: "general" });
    expect(() => identities.createDeterministic(wanted)).toThrow(exists);
    identities.leaveChan("bob", general);
    const { address } = identities.createDeterministic(wanted);
    expect(address).toBe(general);
    expect(() => identities.createDeterministic({ ...wanted, user: "bob" })).toThrow(exists);
    expect(() => identities.joinChan({ user: "bob", passphrase: "general" })).toThrow(exists);
    expect(() => identities.joinChan({ user: "alice", passphrase: "general" })).toThrow(exists);
  });

  test("whose name does not fit its address is refused", () => {
    const wanted = { user: "alice", passphrase: "General", address: general };
    expect(() => alice.messaging.identities.joinChan(wanted)).toThrow(
      expect.objectContaining({ code: "passphrase_does_not_match_address" }),
    );
  });

  test("is left; an ordinary identity is not left that way", () => {
    const { identities } = alice.messaging;
    identities.joinChan({ user: "alice", passphrase: "general" });
    identities.leaveChan("alice", general);
    expect(identities.list()).toEqual([]);
    expect(() => identities.leaveChan("alice", general)).toThrow(
      expect.objectContaining({ code: "unknown-identity" }),
    );
    const own = alice.identity();
    expect(() => identities.leaveChan("alice", own)).toThrow(expect.objectContaining({ code: "not-a-chan" }));
  });
});

describe("changes", () => {
  test("are told after the commit, to who still listens", () => {
    const { identities } = alice.messaging;
    const address = alice.secretIdentity("a");
    let heard = 0;
    const end = identities.onChange(() => heard++);
    alice.stores.transactions.run((): void => {
      identities.setLabel("alice", address, "new");
      expect(heard).toBe(0);
    });
    expect(heard).toBe(1);
    expect(identities.get("alice", address)).toMatchObject({ label: "new" });
    end();
    identities.remove("alice", address);
    expect(heard).toBe(1);
    for (const method of ["enable", "disable", "remove"] as const) {
      expect(() => identities[method]("alice", address)).toThrow(
        expect.objectContaining({ code: "unknown-identity" }),
      );
    }
  });
});
