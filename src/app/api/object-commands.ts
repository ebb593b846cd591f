/** Objects that another program has made, and looking for objects. */
import { setImmediate } from "node:timers/promises";
import { Priority } from "../../bitmessage/messaging/solve-object.js";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { ObjectType, parseObjectHeader, withNonce } from "../../bitmessage/protocol/object.js";
import { checkObject } from "../../bitmessage/protocol/object-check.js";
import { atLeast, type Difficulty, initialHash, powTarget } from "../../bitmessage/protocol/pow-target.js";
import { networkMinimum } from "../services.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { ApiError, apiError, unexpected } from "./errors.js";
import type { Parameters } from "./parameters.js";

export const OBJECT_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["disseminatePreEncryptedMsg", "disseminatePreparedObject"],
    parameters: ["encryptedPayload", "nonceTrialsPerByte?", "payloadLengthExtraBytes?"],
    help: "Publishes an object in hex, from its nonce on; a nonce of zeros is worked out first. Tells the inventory hash.",
    run(parameters, context) {
      const object = parameters.hex(0);
      const minimum = networkMinimum(context.config);
      const demanded = {
        trialsPerByte: demandIn(parameters, 1),
        extraBytes: demandIn(parameters, 2),
      };
      return disseminate(object, atLeast(demanded, minimum), context);
    },
  },
  {
    names: ["disseminatePubkey"],
    parameters: ["payload"],
    help: "Works out the nonce of a pubkey object in hex, which begins with its expiry, and publishes it.",
    async run(parameters, context) {
      const object = withNonce(0n, parameters.hex(0));
      if (headerOf(object).type !== ObjectType.pubkey) throw unexpected("this is no pubkey object");
      await disseminate(object, networkMinimum(context.config), context);
      return null;
    },
  },
  {
    names: ["getMessageDataByDestinationHash", "getMessageDataByDestinationTag"],
    parameters: ["hash"],
    help: "The objects in the inventory whose first 32 octets are those, in hex, in the list receivedMessageDatas.",
    async run(parameters, context) {
      if (parameters.text(0).length !== 64) throw apiError(19);
      const found = await findByFirstOctets(parameters.hex(0), context);
      return { receivedMessageDatas: found.map((bytes) => ({ data: toHex(bytes) })) };
    },
  },
];

/** More than this would hold up everything else for days. */
const LARGEST_DEMAND = 1_000_000;

function demandIn(parameters: Parameters, index: number): bigint {
  const demand = parameters.number(index, 0);
  if (!(demand >= 0 && demand <= LARGEST_DEMAND)) throw unexpected("a difficulty that is not taken");
  return BigInt(Math.floor(demand));
}

function headerOf(object: Uint8Array): ReturnType<typeof parseObjectHeader> {
  try {
    return parseObjectHeader(object);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "malformed_varint")
      throw new ApiError(26, "Data contains a malformed varint. Some details: the object's header");
    if (error instanceof ProtocolError) throw unexpected(`this is no object (${error.code})`);
    throw error;
  }
}

/** Seconds by which the life is reckoned longer, so that the work is enough for clocks that are behind. */
const PADDING = 300;

async function disseminate(object: Uint8Array, difficulty: Difficulty, context: ApiContext): Promise<string> {
  const { publisher, stores, clock, config } = context;
  const { nonce } = headerOf(object);
  const complete = nonce === 0n ? await solve(object, difficulty, context) : object;
  const verdict = checkObject(complete, {
    now: clock(),
    streams: [1],
    minimum: networkMinimum(config),
    has: () => false,
  });
  if (verdict.verdict !== "accept")
    throw unexpected(`the network would not take this object (${verdict.reason})`);
  return stores.transactions.run(() => publisher.publish(complete));
}

/** An object that is refused anyway costs no work: its life is looked at first. */
async function solve(
  object: Uint8Array,
  difficulty: Difficulty,
  { solver, clock, signal }: ApiContext,
): Promise<Uint8Array> {
  const { expires } = headerOf(object);
  const ttl = expires - Math.floor(clock());
  if (ttl <= 0 || ttl > LONGEST_TTL) throw unexpected("the object's expiry is not within the next 28 days");
  const bytes = object.subarray(8);
  const { nonce } = await solver.solve({
    prepare: () => ({
      initialHash: initialHash(bytes),
      target: powTarget({ length: object.length, ttl: ttl + PADDING, difficulty }),
    }),
    signal,
    priority: Priority.message,
  });
  return withNonce(nonce, bytes);
}

const LONGEST_TTL = 28 * 86_400 + 3600;
const PORTION = 500;

/** Messages have no tag: all of them are looked through. */
async function findByFirstOctets(wanted: Uint8Array, { stores, clock }: ApiContext): Promise<Uint8Array[]> {
  const { objectQueue } = stores;
  const found = [ObjectType.pubkey, ObjectType.broadcast].flatMap((type) => [
    ...objectQueue.findByTag(type, wanted, clock()),
  ]);
  for (let position: number | null = 0; position !== null; ) {
    const page: ReturnType<typeof objectQueue.processedAfter> = objectQueue.processedAfter(
      ObjectType.msg,
      position,
      PORTION,
    );
    for (const { bytes } of page.objects) {
      const { payloadOffset } = parseObjectHeader(bytes);
      if (Buffer.from(bytes.subarray(payloadOffset, payloadOffset + 32)).equals(wanted)) found.push(bytes);
    }
    position = page.last;
    await setImmediate();
  }
  return found;
}
