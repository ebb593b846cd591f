import { randomBytes } from "node:crypto";
import { type Curve, loadNativeCurve, loadNodeCurve, nobleCurve } from "../../bitmessage/protocol/curve.js";
import { createTrialDecryptor, encrypt } from "../../bitmessage/protocol/ecies.js";
import { keyPair, randomPrivateKey } from "../../bitmessage/protocol/keys.js";
import { perSecond, type Task, takeTurns } from "./turns.js";

/** Objects that one core tries in a second against the keys of so many identities. */
export interface DecryptBench {
  readonly name: Curve["name"];
  readonly identities: number;
  readonly objects_per_cpu_second: number;
  readonly microseconds_per_identity: number;
}

const IDENTITIES = [1, 10, 100] as const;
/** With the fastest implementation alone: one object takes the slowest one seconds. */
const MANY_IDENTITIES = 1000;
/** Octets of the plaintext: a short letter with its acknowledgement. */
const PLAINTEXT = 1000;
/** Different objects, so that nothing can be remembered from one to the next. */
const OBJECTS = 64;

/**
 * Measures the trial decryption of messages for somebody else, the common case, with each implementation of the curve that works
 * here, fastest first. The time grows with the identities: a msg does not tell whom it is for (PROTOCOL.md section 17.4), so each
 * private key is multiplied with its point. Only decoding that point is shared.
 * @param options.seconds about how long it takes in all
 */
export async function benchDecrypt(options: {
  seconds: number;
}): Promise<{ implementations: DecryptBench[] }> {
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const stranger = keyPair(randomPrivateKey(random));
  const objects = Array.from({ length: OBJECTS }, () =>
    encrypt(random(PLAINTEXT), stranger.publicKey, random),
  );
  const keys = Array.from({ length: MANY_IDENTITIES }, () => ({
    privateKey: randomPrivateKey(random),
  }));
  const curves = [loadNativeCurve(), loadNodeCurve(), nobleCurve].filter((curve) => curve !== null);
  const cases = curves.flatMap((curve, index) =>
    [...IDENTITIES, ...(index === 0 ? [MANY_IDENTITIES] : [])].map((identities) => ({ curve, identities })),
  );
  const tasks = cases.map(({ curve, identities }) => trial(curve, keys.slice(0, identities), objects));
  const totals = await takeTurns(tasks, options.seconds);
  const implementations = cases.map(({ curve, identities }, index) => {
    const { operations, cpuSeconds } = totals[index]!;
    return {
      name: curve.name,
      identities,
      objects_per_cpu_second: perSecond(operations, cpuSeconds),
      microseconds_per_identity: Math.round((cpuSeconds * 1e7) / operations / identities) / 10,
    };
  });
  return { implementations };
}

function trial(
  curve: Curve,
  keys: readonly { privateKey: Uint8Array }[],
  objects: readonly Uint8Array[],
): Task {
  const decryptor = createTrialDecryptor(keys, curve);
  let next = 0;
  return {
    step: 1,
    run(count) {
      for (let done = 0; done < count; done++) {
        const object = objects[next++ % objects.length]!;
        if (decryptor.tryDecrypt(object) !== null) throw new Error("a stranger's message was decrypted");
      }
    },
  };
}
