/** Passwords to what is kept of them, as dearly as the machine can afford. */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { totalmem } from "node:os";
import { deriveScramKeys } from "../../mail/scram.js";
import { HashQueue } from "./hash-queue.js";
import {
  type PasswordRecord,
  readPasswordRecord,
  type ScryptCost,
  writePasswordRecord,
} from "./password-text.js";

const SALT_LENGTH = 16;
const HASH_LENGTH = 32;
/** From 32 MiB; never less than the first. */
const COSTS: readonly ScryptCost[] = [
  { N: 2 ** 15, r: 8, p: 1 },
  { N: 2 ** 16, r: 8, p: 1 },
  { N: 2 ** 17, r: 8, p: 1 },
  { N: 2 ** 17, r: 8, p: 2 },
  { N: 2 ** 17, r: 8, p: 4 },
];
/**
 * PBKDF2 within SCRAM, which each login costs the client. The keys stand beside scrypt's hash: whoever has the database tries passwords
 * against the cheaper of the two.
 */
export const SCRAM_ITERATIONS = 600_000;

export interface PasswordHashingOptions {
  /** Milliseconds that one try is to take, about. */
  readonly target: number;
  readonly costs: readonly ScryptCost[];
  readonly scramIterations: number;
  /** Octets of memory of this machine. */
  readonly memory: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
}

const defaults: PasswordHashingOptions = {
  target: 250,
  costs: COSTS,
  scramIterations: SCRAM_ITERATIONS,
  memory: totalmem(),
  now: () => performance.now(),
};

export class PasswordHashing {
  readonly #options: PasswordHashingOptions;
  readonly #costs: readonly [ScryptCost, ...ScryptCost[]];
  readonly #queue = new HashQueue();
  /** The step of cost that this machine has shown to afford. */
  #step = 0;

  constructor(options: Partial<PasswordHashingOptions> = {}) {
    this.#options = { ...defaults, ...options };
    const { costs, memory } = this.#options;
    const [least, ...dearer] = costs;
    if (least === undefined) throw new Error("no cost of scrypt is given");
    this.#costs = [least, ...dearer.filter((cost) => memoryOf(cost) <= memory / 32)];
  }

  /** Whatever is hashed is refused from now on. */
  close(): void {
    this.#queue.close();
  }

  /** @param before what was kept until now, whose decoy stays. @throws LoginRefused when too much is hashed at the moment */
  hash(password: string, before: string | null = null): Promise<string> {
    return this.#queue.run(async () => {
      const salt = randomBytes(SALT_LENGTH);
      let taken = await this.#derive(password, salt, this.#cost);
      while (this.#isCheap(taken.milliseconds) && this.#step + 1 < this.#costs.length) {
        this.#step++;
        taken = await this.#derive(password, salt, this.#cost);
      }
      const { cost, hash } = taken;
      const scram = await deriveScramKeys(password, this.#options.scramIterations);
      const decoy = (before === null ? null : readPasswordRecord(before).decoy) ?? randomBytes(32);
      return writePasswordRecord({ cost, salt, hash, scram, decoy });
    });
  }

  /**
   * Whether the password is the kept one; `outdated` when it is, and is to be hashed anew, because this machine can afford more.
   * @throws Error for a text that is no record of ours; LoginRefused
   */
  verify(kept: string, password: string): Promise<"wrong" | "right" | "outdated"> {
    return this.#queue.run(async () => {
      const record = readPasswordRecord(kept);
      const { hash, milliseconds } = await this.#derive(password, record.salt, record.cost);
      if (record.hash.length !== hash.length || !timingSafeEqual(hash, record.hash)) return "wrong";
      return this.#isOutdated(record, milliseconds) ? "outdated" : "right";
    });
  }

  /** What no password fits, and takes as long to find out as for one of the others: which of them, is the same each time for a name. */
  decoyOf(name: string, secret: Uint8Array, others: readonly PasswordRecord[]): PasswordRecord {
    const made = (purpose: string) => createHmac("sha256", secret).update(`${purpose}\0${name}`).digest();
    const like = others[made("which").readUInt32BE(0) % Math.max(1, others.length)];
    return {
      cost: like?.cost ?? this.#cost,
      salt: made("scrypt salt").subarray(0, SALT_LENGTH),
      hash: made("scrypt hash"),
      scram: {
        iterations: like?.scram?.iterations ?? this.#options.scramIterations,
        salt: made("salt").subarray(0, SALT_LENGTH),
        storedKey: made("stored key"),
        serverKey: made("server key"),
      },
      decoy: null,
    };
  }

  get #cost(): ScryptCost {
    return this.#costs[this.#step] ?? this.#costs[0];
  }

  #isOutdated({ cost, scram }: PasswordRecord, milliseconds: number): boolean {
    if (scram === null || scram.iterations < this.#options.scramIterations) return true;
    if (workOf(cost) < workOf(this.#cost)) return true;
    return this.#isCheap(milliseconds) && workOf(cost) < workOf(this.#costs.at(-1) ?? this.#cost);
  }

  /** A machine that is busy is slow: it never makes a password weaker than before, and only one that is quick makes it stronger. */
  #isCheap(milliseconds: number): boolean {
    return milliseconds * 2 <= this.#options.target;
  }

  async #derive(password: string, salt: Uint8Array, cost: ScryptCost) {
    const begun = this.#options.now();
    const hash = await derive(password, salt, cost);
    return { cost, hash, milliseconds: this.#options.now() - begun };
  }
}

function memoryOf({ N, r }: ScryptCost): number {
  return 128 * N * r;
}

function workOf({ N, r, p }: ScryptCost): number {
  return N * r * p;
}

/** The same text however a keyboard wrote it (RFC 8265 section 4). */
function derive(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  const options = { ...cost, maxmem: memoryOf(cost) * 2 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_LENGTH, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
