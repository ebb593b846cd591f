/** People with everything that messaging needs, on a network without nodes: what one publishes all others have in their queues. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createMessaging, type Messaging } from "../../../src/bitmessage/messaging/messaging.js";
import type { SendPolicy } from "../../../src/bitmessage/messaging/ports.js";
import type { TrialPool } from "../../../src/bitmessage/messaging/trial-pool.js";
import type {
  Draft,
  Identity,
  OutboxEntry,
  OutboxId,
  OutboxState,
  ReceivedMessage,
} from "../../../src/bitmessage/messaging/types.js";
import { type Address, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { encodeSimple } from "../../../src/bitmessage/protocol/content.js";
import { generateIdentityKeys } from "../../../src/bitmessage/protocol/keys.js";
import { parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import type { Difficulty } from "../../../src/bitmessage/protocol/pow-target.js";
import type { RandomBytes } from "../../../src/bitmessage/protocol/random.js";
import { type LogFields, type Logger, silentLogger } from "../../../src/logger.js";
import { HeldSolver } from "./held-solver.js";
import { ManualTime } from "./manual-time.js";
import { MemoryStores, memoryPublisher } from "./memory-stores.js";

/** So little that the first or second nonce does. */
export const NO_WORK: Difficulty = { trialsPerByte: 1n, extraBytes: 1n };

export const DAY = 86_400;

/** Reproducible bytes. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const parts: Uint8Array[] = [];
    for (let have = 0; have < length; have += 64) {
      parts.push(createHash("sha512").update(`${seed}:${counter++}`).digest());
    }
    return new Uint8Array(Buffer.concat(parts).subarray(0, length));
  };
}

/** All worlds that hear each other. */
export class Network {
  readonly worlds: World[] = [];
  readonly time = new ManualTime();
  /** Everything that was announced, oldest first. */
  readonly objects: Uint8Array[] = [];
  /** Decides who gets an object. */
  passes: (object: Uint8Array, to: World) => "through" | "lost" = () => "through";

  announce(object: Uint8Array, from: World): void {
    this.objects.push(object);
    for (const world of this.worlds) {
      if (world !== from && this.passes(object, world) === "through") world.receive(object);
    }
  }

  ofType(type: number): readonly Uint8Array[] {
    return this.objects.filter((object) => parseObjectHeader(object).type === type);
  }

  /** Until nobody has anything to do at this time. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 8; ) {
      const before = this.#activity();
      await setImmediate();
      for (const world of this.worlds) await world.messaging.inbox.idle();
      const isBusy = this.worlds.some((world) => world.solver.status().working);
      quiet = isBusy || this.#activity() !== before ? 0 : quiet + 1;
    }
  }

  async advance(seconds: number): Promise<void> {
    const end = this.time.now + seconds;
    for (;;) {
      await this.settle();
      const next = this.time.next();
      if (next === null || next > end) break;
      this.time.advanceTo(next);
    }
    this.time.advanceTo(end);
    await this.settle();
  }

  async stop(): Promise<void> {
    for (const world of this.worlds) await world.stop();
  }

  #activity(): string {
    return this.worlds.map(({ activity, stores }) => `${activity} ${stores.processed}`).join();
  }
}

export interface WorldOptions {
  readonly policy?: Partial<SendPolicy>;
  readonly minimum?: Difficulty;
  readonly trialPool?: TrialPool;
}

export class World {
  readonly stores = new MemoryStores();
  readonly solver = new HeldSolver();
  readonly changes: string[] = [];
  readonly logged: { level: string; text: string; fields?: LogFields | undefined }[] = [];
  /** Fails what it likes, as a full disk would. */
  beforeDelivery: (message: ReceivedMessage) => void | Promise<void> = () => undefined;
  messaging: Messaging;
  activity = 0;
  #generation = 0;

  constructor(
    readonly network: Network,
    readonly name: string,
    readonly options: WorldOptions = {},
  ) {
    network.worlds.push(this);
    this.messaging = this.#createMessaging();
    this.messaging.start();
  }

  receive(object: Uint8Array): void {
    this.activity++;
    if (this.stores.addObject(object) === "new") this.messaging.inbox.wake();
  }

  /** An identity just as a test wants it; saved, not announced. */
  addIdentity(change: Partial<Identity>, seed: string): Identity {
    const keys = generateIdentityKeys(seededRandom(seed), { nullBytes: 1 });
    const version = change.version ?? 4;
    const identity: Identity = {
      address: encodeAddress(version, 1, keys.ripe),
      version,
      stream: 1,
      keys,
      label: seed,
      enabled: true,
      chan: false,
      passphrase: null,
      user: this.name,
      difficulty: NO_WORK,
      sendsAcknowledgements: true,
      lastPubkeySent: 0,
      pubkeyPending: false,
      created: this.network.time.now,
      ...change,
    };
    this.stores.identities.save(identity);
    this.messaging.inbox.identitiesChanged();
    return identity;
  }

  /** The messages delivered, oldest first. */
  get mail(): readonly ReceivedMessage[] {
    return [...new Set(this.stores.delivered.values())] as ReceivedMessage[];
  }

  /** What that user was given, oldest first. */
  mailOf(user: string): readonly ReceivedMessage[] {
    const own = [...this.stores.delivered].filter(([key]) => key.startsWith(`${user} `));
    return own.map(([, message]) => message as ReceivedMessage);
  }

  bodies(): readonly string[] {
    return this.mail.map(({ content }) => (content.kind === "text" ? content.body : "(placeholder)"));
  }

  identity(label = this.name): Address {
    return this.messaging.identities.create({ user: this.name, label }).address;
  }

  /** One whose pubkey nobody has seen. */
  secretIdentity(passphrase: string): Address {
    const wanted = { user: this.name, label: this.name, passphrase };
    return this.messaging.identities.createDeterministic(wanted).address;
  }

  send(from: Address, to: Address, body: string, change: Partial<Draft> = {}): OutboxId {
    return this.messaging.outbox.enqueue(draft(from, to, body, change)).id;
  }

  unprocessed(): number {
    return this.stores.unprocessedCount();
  }

  entry(id: OutboxId): OutboxEntry {
    const entry = this.stores.outbox.get(id);
    if (!entry) throw new Error("no such entry");
    return entry;
  }

  state(id: OutboxId): OutboxState {
    return this.entry(id).state;
  }

  /** The process dies, without a farewell, and starts again on the same stores. */
  async restart(): Promise<void> {
    this.crash();
    await setImmediate();
    this.messaging = this.#createMessaging();
    this.messaging.start();
  }

  /** Nothing of the old process reaches the stores or the network any more. */
  crash(): void {
    this.#generation++;
    void this.messaging.stop();
  }

  async stop(): Promise<void> {
    await this.messaging.stop();
    await this.solver.close();
  }

  #createMessaging(): Messaging {
    const { network, stores } = this;
    const generation = this.#generation;
    const alive = () => generation === this.#generation;
    const { clock, timer } = network.time;
    return createMessaging({
      stores: frozenAfter(stores, alive),
      solver: this.solver,
      publisher: memoryPublisher(stores, (object) => {
        this.activity++;
        this.messaging.inbox.wake();
        network.announce(object, this);
      }),
      sink: {
        prepare: async (message) => {
          await this.beforeDelivery(message);
          return () => {
            for (const user of message.users) {
              const key = `${user} ${message.hash}`;
              if (stores.delivered.has(key)) throw new Error("delivered twice");
              stores.delivered.set(key, message);
            }
          };
        },
      },
      observer: (entry, previous) => {
        this.activity++;
        if (entry.state !== previous?.state) this.changes.push(entry.state);
      },
      policy: { ttl: 4 * DAY, maximumWork: 0, giveUpAfter: 0, digest: "sha256", ...this.options.policy },
      minimum: this.options.minimum ?? NO_WORK,
      ...(this.options.trialPool ? { trialPool: this.options.trialPool } : {}),
      clock,
      timer,
      random: seededRandom(`${this.name} ${generation}`),
      logger: this.#logger(),
    });
  }

  #logger(): Logger {
    const log = (level: string) => (text: string, fields?: LogFields) => {
      this.logged.push({ level, text, fields });
    };
    return { ...silentLogger, warn: log("warn"), error: log("error") };
  }
}

export function draft(from: Address, to: Address, body: string, change: Partial<Draft> = {}): Draft {
  return {
    kind: "msg",
    from,
    to,
    subject: "subject",
    encoding: 2,
    content: encodeSimple({ subject: "subject", body }),
    ttl: null,
    wantsAcknowledgement: true,
    maximumWork: null,
    ...change,
  };
}

/** A dead process cannot write. */
function frozenAfter(stores: MemoryStores, alive: () => boolean): MemoryStores {
  const transactions: MemoryStores["transactions"] = {
    run(work) {
      if (!alive()) throw new Error("the process is dead");
      return stores.transactions.run(work);
    },
    runUnsynced: (work) => transactions.run(work),
    afterCommit: (effect) => stores.transactions.afterCommit(effect),
  };
  return Object.create(stores, {
    transactions: { value: transactions },
    identities: { value: stores.identities },
  }) as MemoryStores;
}
