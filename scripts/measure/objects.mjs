// Messages to somebody whom the node does not know, as most on the network are: small, each with its own key and work.
import { randomBytes } from "node:crypto";

const FOUR_DAYS = 4 * 86_400;
const PLAINTEXT = 400;
const STEP = 1024;

/**
 * @param load imports a module of the built program by its path in src
 * @param difficulty the least work of the network
 * @returns {Promise<(count: number, ttl?: number) => Map<string, Uint8Array>>} makes them; ttl in seconds; by inventory hash
 */
export async function createMessageMaker(load, difficulty) {
  const { encrypt } = await load("bitmessage/protocol/ecies.js");
  const { keyPair, randomPrivateKey } = await load("bitmessage/protocol/keys.js");
  const { encodeObjectHeader, ObjectType, withNonce } = await load("bitmessage/protocol/object.js");
  const { concatBytes } = await load("bitmessage/protocol/bytes.js");
  const { inventoryHash } = await load("bitmessage/protocol/inventory-hash.js");
  const { initialHash, powTarget } = await load("bitmessage/protocol/pow-target.js");
  const { createEngine } = await load("bitmessage/pow/create-engine.js");
  const { measureEngines } = await load("bitmessage/pow/measure-engines.js");

  const random = (length) => new Uint8Array(randomBytes(length));
  const stranger = keyPair(randomPrivateKey(random));
  const engine = createEngine(measureEngines(["wasm", "wasm-scalar", "javascript"])[0].engine);

  function makeOne(ttl) {
    const expires = Math.floor(Date.now() / 1000) + ttl;
    const header = encodeObjectHeader({ expires, type: ObjectType.msg, version: 1, stream: 1 });
    const body = concatBytes(header, encrypt(random(PLAINTEXT), stranger.publicKey, random));
    const target = powTarget({ length: body.length + 8, ttl, difficulty });
    engine.load({ initialHash: initialHash(body), target });
    let start = 0n;
    let offset = engine.search(start, STEP);
    while (offset < 0) {
      start += BigInt(STEP);
      offset = engine.search(start, STEP);
    }
    return withNonce(start + BigInt(offset), body);
  }

  return (count, ttl = FOUR_DAYS) => {
    const objects = new Map();
    while (objects.size < count) {
      const object = makeOne(ttl);
      objects.set(inventoryHash(object), object);
    }
    return objects;
  };
}
