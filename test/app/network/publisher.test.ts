import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createPublisher } from "../../../src/app/network/publisher.js";
import { createMessaging, type Messaging } from "../../../src/bitmessage/messaging/messaging.js";
import type { Identity } from "../../../src/bitmessage/messaging/types.js";
import { buildAck, createAckData, encodeAckPacket } from "../../../src/bitmessage/protocol/ack.js";
import { decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { encodeSimple } from "../../../src/bitmessage/protocol/content.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { generateIdentityKeys } from "../../../src/bitmessage/protocol/keys.js";
import { buildMsg } from "../../../src/bitmessage/protocol/msg.js";
import { parseObjectHeader, withNonce } from "../../../src/bitmessage/protocol/object.js";
import { isWorkSufficient } from "../../../src/bitmessage/protocol/pow-target.js";
import { silentLogger } from "../../../src/logger.js";
import { createMemoryStores } from "../../../src/store/memory/stores.js";
import { createInlineSolver } from "../../support/messaging/inline-solver.js";
import { NO_WORK, seededRandom } from "../../support/messaging/world.js";

const NOW = 1_700_000_000;
const random = seededRandom("publisher");

let messaging: Messaging;
let published: { readonly hash: InventoryHash; readonly when: "now" | "later" }[];
let delivered: string[];
let stores: ReturnType<typeof createMemoryStores>;

beforeEach(() => {
  stores = createMemoryStores();
  published = [];
  delivered = [];
  messaging = createMessaging({
    stores,
    solver: createInlineSolver(),
    publisher: createPublisher(stores, (hash, when) => {
      published.push({ hash, when });
      messaging.inbox.wake();
    }),
    sink: {
      prepare:
        async ({ to }) =>
        () =>
          void delivered.push(to),
    },
    observer: () => {},
    policy: { ttl: 86_400, maximumWork: 0, giveUpAfter: 0, digest: "sha256" },
    minimum: NO_WORK,
    clock: () => NOW,
    timer: () => () => {},
    random,
    logger: silentLogger,
  });
  messaging.start();
});

afterEach(() => messaging.stop());

function identity(user: string, keys = generateIdentityKeys(random, { nullBytes: 1 })): Identity {
  return {
    ...{ address: encodeAddress(4, 1, keys.ripe), version: 4, stream: 1, keys, label: user, user },
    ...{ enabled: true, chan: false, passphrase: null, difficulty: NO_WORK, sendsAcknowledgements: true },
    ...{ lastPubkeySent: NOW, pubkeyPending: false, created: NOW },
  };
}

function worked(objectWithoutNonce: Uint8Array): Uint8Array {
  for (let nonce = 0n; ; nonce++) {
    const object = withNonce(nonce, objectWithoutNonce);
    if (isWorkSufficient(object, { now: NOW, difficulty: NO_WORK, minimum: NO_WORK })) return object;
  }
}

function message(from: Identity, to: Identity, answer: Uint8Array): Uint8Array {
  const order = {
    encoding: 2,
    content: encodeSimple({ subject: "", body: "" }),
    ack: encodeAckPacket(answer),
  };
  const recipient = { address: decodeAddress(to.address), encryptionKey: to.keys.encryption.publicKey };
  const sender = { ...from, behavior: 1 };
  return worked(buildMsg({ ...order, sender, recipient, expires: NOW + 86_400, random }));
}

async function receive(object: Uint8Array): Promise<void> {
  const { type, version, stream, expires } = parseObjectHeader(object);
  const hash = inventoryHash(object);
  stores.inventory.add([{ hash, type, version, stream, expires, tag: null, bytes: object }]);
  messaging.inbox.wake();
  await messaging.inbox.idle();
}

test("a message for one identity, hidden as the acknowledgement for another, does not tell that they live together", async () => {
  const spy = identity("spy");
  const [one, other] = [identity("anna"), identity("ben")];
  for (const own of [one, other]) stores.identities.save(own);
  messaging.inbox.identitiesChanged();
  const answer = worked(buildAck(createAckData(0, 1, random), NOW + 86_400));
  const inner = message(spy, other, answer);
  await receive(message(spy, one, inner));
  expect(delivered).toEqual([one.address]);
  // Whoever sees the answer to what nobody but the first has been given knows where the second lives.
  expect(published).toEqual([{ hash: inventoryHash(inner), when: "later" }]);
  stores.inventory.markSent([inventoryHash(inner)]);
  messaging.inbox.wake();
  await messaging.inbox.idle();
  expect(delivered).toEqual([one.address, other.address]);
  expect(published).toContainEqual({ hash: inventoryHash(answer), when: "later" });
});
