import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  createTrialPool,
  type TrialPool,
  type TrialPoolSeams,
} from "../../../src/bitmessage/messaging/trial-pool.js";
import { encrypt } from "../../../src/bitmessage/protocol/ecies.js";
import { keyPair, randomPrivateKey } from "../../../src/bitmessage/protocol/keys.js";
import { silentLogger } from "../../../src/logger.js";
import { seededRandom } from "../../support/messaging/world.js";

const random = seededRandom("trial pool");
const keys = Array.from({ length: 100 }, () => randomPrivateKey(random));
const stranger = keyPair(randomPrivateKey(random));
const pools: TrialPool[] = [];

function makePool(threads: number, seams?: TrialPoolSeams): TrialPool {
  const pool = createTrialPool({ threads, logger: silentLogger }, seams);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

/** Message number i is for key i, every third for nobody here. */
function makeMessages(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const plaintext = random(40 + index);
    const publicKey = index % 3 === 0 ? stranger.publicKey : keyPair(keys[index]!).publicKey;
    const result = index % 3 === 0 ? null : { index, plaintext };
    return { ciphertext: encrypt(plaintext, publicKey, random), result };
  });
}

describe("trying keys on threads", () => {
  test("gives each message its own result, however they are divided", async () => {
    for (const [threads, count] of [
      [2, 21],
      [3, 22],
      [5, 20],
    ] as const) {
      const messages = makeMessages(count);
      const results = await makePool(threads).tryAll(
        keys,
        messages.map(({ ciphertext }) => ciphertext),
      );
      expect(results).toEqual(messages.map(({ result }) => result));
    }
  });

  test("the more keys, the fewer messages at a time, but always some", () => {
    const pool = makePool(2);
    const portions = [0, 1, 100, 1000, 1_000_000].map((count) => pool.portion(count));
    expect(portions).toEqual([...portions].sort((a, b) => b - a));
    expect(portions[1]).toBeGreaterThan(portions[3]!);
    expect(portions[4]).toBe(2);
    expect(makePool(1).portion(1_000_000)).toBe(Number.POSITIVE_INFINITY);
  });

  test("malformed messages are nobody's", async () => {
    const good = makeMessages(20);
    const bytes = [new Uint8Array(0), random(200), ...good.map(({ ciphertext }) => ciphertext)];
    const results = await makePool(2).tryAll(keys, bytes);
    expect(results).toEqual([null, null, ...good.map(({ result }) => result)]);
  });

  test("other keys take the place of those before", async () => {
    const pool = makePool(2);
    const messages = makeMessages(20);
    const ciphertexts = messages.map(({ ciphertext }) => ciphertext);
    await pool.tryAll(keys, ciphertexts);
    const results = await pool.tryAll([...keys].reverse(), ciphertexts);
    expect(results?.map((result) => result && 99 - result.index)).toEqual(
      messages.map(({ result }) => result?.index ?? null),
    );
  });

  test("little work is left to the one who asks, and so is all on one core", async () => {
    const [message] = makeMessages(2).map(({ ciphertext }) => ciphertext);
    const spawn = () => {
      throw new Error("no thread is wanted");
    };
    expect(await makePool(2, { spawn }).tryAll(keys.slice(0, 1), [message!])).toBeNull();
    expect(await makePool(2, { spawn }).tryAll([], Array(1000).fill(message))).toBeNull();
    expect(await makePool(1, { spawn }).tryAll(keys, Array(1000).fill(message))).toBeNull();
  });

  test("a thread that fails is no harm: null, and a new one the next time; after three failures none", async () => {
    let spawned = 0;
    const spawn = () => {
      spawned++;
      return new Worker("process.exit(3)", { eval: true });
    };
    const pool = makePool(2, { spawn });
    const ciphertexts = makeMessages(20).map(({ ciphertext }) => ciphertext);
    for (let time = 0; time < 5; time++) expect(await pool.tryAll(keys, ciphertexts)).toBeNull();
    expect(spawned).toBe(6);
  });

  test("a thread that throws is no harm either", async () => {
    const spawn = () =>
      new Worker("require('worker_threads').parentPort.once('message', () => { throw new Error('x'); })", {
        eval: true,
      });
    const ciphertexts = makeMessages(20).map(({ ciphertext }) => ciphertext);
    expect(await makePool(2, { spawn }).tryAll(keys, ciphertexts)).toBeNull();
  });

  test("nor is one that runs out of memory", async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 2, maxYoungGenerationSizeMb: 1 };
    const hoard = "const all = []; for (;;) all.push(new Array(1000).fill(all.length));";
    const spawn = () => new Worker(hoard, { eval: true, resourceLimits });
    const ciphertexts = makeMessages(20).map(({ ciphertext }) => ciphertext);
    expect(await makePool(2, { spawn }).tryAll(keys, ciphertexts)).toBeNull();
  });

  test("a thread that leaves something out is not believed: nothing counts as tried that was not", async () => {
    const source =
      "require('worker_threads').parentPort.on('message', () => require('worker_threads').parentPort.postMessage([]))";
    const spawn = () => new Worker(source, { eval: true });
    const ciphertexts = makeMessages(20).map(({ ciphertext }) => ciphertext);
    expect(await makePool(2, { spawn }).tryAll(keys, ciphertexts)).toBeNull();
  });

  test("closing ends what is under way", async () => {
    const spawn = () =>
      new Worker("require('worker_threads').parentPort.on('message', () => {})", { eval: true });
    const pool = makePool(2, { spawn });
    const waiting = pool.tryAll(
      keys,
      makeMessages(20).map(({ ciphertext }) => ciphertext),
    );
    await pool.close();
    expect(await waiting).toBeNull();
    expect(await pool.tryAll(keys, Array(1000).fill(new Uint8Array(9)))).toBeNull();
  });

  test("threads end when there is nothing to do", async () => {
    const workers: Worker[] = [];
    const ended: Promise<unknown>[] = [];
    const source =
      "require('worker_threads').parentPort.on('message', (m) => require('worker_threads').parentPort.postMessage(m.map(() => null)))";
    const spawn = () => {
      const worker = new Worker(source, { eval: true });
      workers.push(worker);
      ended.push(new Promise((resolve) => worker.once("exit", resolve)));
      return worker;
    };
    const pool = makePool(2, { spawn, idleMilliseconds: 1 });
    const ciphertexts = makeMessages(20).map(({ ciphertext }) => ciphertext);
    expect(await pool.tryAll(keys, ciphertexts)).toEqual(Array(20).fill(null));
    await Promise.all(ended);
    expect(workers).toHaveLength(2);
  });
});
