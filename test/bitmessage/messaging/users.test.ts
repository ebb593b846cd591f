/** Several users on one bridge: what one has is none of the other's business. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ReceivedMessage } from "../../../src/bitmessage/messaging/types.js";
import { ObjectType } from "../../../src/bitmessage/protocol/object.js";
import { Network, World } from "../../support/messaging/world.js";

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
  return home.mailOf(user).map(bodyOf);
}

function bodyOf({ content }: ReceivedMessage): string {
  return content.kind === "text" ? content.body : "(placeholder)";
}

describe("a chan that two users have joined", () => {
  const joinAs = (user: string) =>
    home.messaging.identities.joinChan({ user, passphrase: "general" }).address;

  test("is read by both, once each, also when it is sent again or the process dies", async () => {
    const chan = joinAs("anna");
    joinAs("berta");
    alice.messaging.identities.joinChan({ user: "alice", passphrase: "general" });
    let deaths = 0;
    home.beforeDelivery = async () => {
      if (deaths++ === 0) await home.restart();
    };
    alice.send(chan, chan, "hello all");
    await network.settle();
    await network.advance(3600);
    expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["hello all"], ["hello all"]]);
    expect(deaths).toBe(2);
    const [object] = network.objects;
    home.stores.objectQueue.markUnprocessed([...home.stores.objects.keys()] as never);
    home.messaging.inbox.wake();
    await network.settle();
    expect(object).toBeDefined();
    expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["hello all"], ["hello all"]]);
  });

  test("one may switch the chan off or leave, and the other reads on", async () => {
    const chan = joinAs("anna");
    joinAs("berta");
    const pest = alice.secretIdentity("pest");
    alice.messaging.identities.joinChan({ user: "alice", passphrase: "general" });
    alice.send(pest, chan, "one");
    await network.settle();
    home.messaging.identities.disable("berta", chan);
    alice.send(pest, chan, "two");
    alice.send(chan, chan, "three");
    await network.settle();
    home.messaging.identities.leaveChan("anna", chan);
    alice.send(chan, chan, "four");
    await network.settle();
    expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["one", "two", "three"], ["one"]]);
  });

  test("costs one trial for each object", async () => {
    const chan = joinAs("anna");
    for (const user of ["berta", "carla", "doris"]) joinAs(user);
    alice.messaging.identities.joinChan({ user: "alice", passphrase: "general" });
    alice.send(chan, chan, "hello");
    await network.settle();
    expect(home.mail).toMatchObject([{ users: ["anna", "berta", "carla", "doris"], to: chan, chan: true }]);
  });
});

test("a broadcast reaches both who follow, under one decryption, and not who has stopped", async () => {
  const from = alice.secretIdentity("speaker");
  const { subscriptions } = home.messaging;
  subscriptions.add({ user: "anna", address: from, label: "hers" });
  subscriptions.add({ user: "berta", address: from, label: "the news" });
  alice.send(from, from, "one", { kind: "broadcast" });
  await network.settle();
  expect(home.mail).toMatchObject([{ users: ["anna", "berta"], to: from }]);
  subscriptions.disable("anna", from);
  alice.send(from, from, "two", { kind: "broadcast" });
  await network.settle();
  subscriptions.remove("berta", from);
  alice.send(from, from, "three", { kind: "broadcast" });
  await network.settle();
  expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["one"], ["one", "two"]]);
  expect(subscriptions.list()).toMatchObject([{ user: "anna", label: "hers", enabled: false }]);
});

test("one user writes to the other: it arrives without the network, and nobody else is told", async () => {
  const { identities } = home.messaging;
  const from = identities.create({ user: "anna", label: "Anna" }).address;
  const to = identities.create({ user: "berta", label: "Berta" }).address;
  network.passes = () => "lost";
  const id = home.send(from, to, "across the corridor");
  const quiet = home.send(from, to, "no need to tell", { wantsAcknowledgement: false });
  await network.settle();
  expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([[], ["across the corridor", "no need to tell"]]);
  // It is known to have arrived, without an acknowledgement that the network would see.
  expect([home.state(id), home.state(quiet)]).toEqual(["acknowledged", "sent"]);
  expect(network.ofType(ObjectType.msg)).toHaveLength(2);
  home.stores.contacts.save({ user: "berta", address: from, label: "", blocked: true });
  const blocked = home.send(from, to, "let me in");
  await network.settle();
  expect(home.state(blocked)).toBe("sent");
});

test("a block is one user's own: only she who has blocked a sender acknowledges nothing", async () => {
  const { identities } = home.messaging;
  const from = alice.secretIdentity("alice");
  const [anna, berta] = ["anna", "berta"].map((user) => identities.create({ user, label: user }).address);
  home.stores.contacts.save({ user: "anna", address: from, label: "pest", blocked: true });
  await network.settle();
  const ids = [alice.send(from, anna!, "to Anna"), alice.send(from, berta!, "to Berta")];
  await network.settle();
  expect([bodiesOf("anna"), bodiesOf("berta")]).toEqual([["to Anna"], ["to Berta"]]);
  expect(ids.map((id) => alice.state(id))).toEqual(["sent", "acknowledged"]);
});
