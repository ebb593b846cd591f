import { randomBytes } from "node:crypto";
import type { InventoryObject } from "../../bitmessage/node/ports.js";
import { decodeAddress } from "../../bitmessage/protocol/address.js";
import { concatBytes } from "../../bitmessage/protocol/bytes.js";
import { inventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { encodeObjectHeader, ObjectType, withNonce } from "../../bitmessage/protocol/object.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import { systemClock } from "../../store/stores.js";
import { makeMail } from "./mails.js";
import { perSecond, type Task, type Total, takeTurns } from "./turns.js";
import { openWorkplace, type Workplace } from "./workplace.js";

/** What is kept in a second. Of what is durable each is on disk before it counts. */
export interface StoreBench {
  readonly operation: string;
  /** Operations under way at once, or in one transaction. */
  readonly at_a_time: number;
  readonly per_second: number;
  /** Of one operation, all threads. */
  readonly cpu_milliseconds: number;
}

const AT_ONCE = 10;
/** As many objects as come with a few packets of a peer. */
const OBJECTS = 64;
/** Octets of an object: a short letter. */
const OBJECT_LENGTH = 600;
const TTL = 4 * 86_400;
const MAILBOX = "bench";
const RECIPIENT = decodeAddress("BM-2cTKX7sUMvBYAC3ErEnk3cVkaeQom2M7ce").address;

interface Operation {
  readonly name: string;
  readonly atATime: number;
  /** Does so many at a time. */
  readonly run: () => unknown;
}

/**
 * Measures what has to be kept: mails for sending, from the submission server's hands to what comes before its `250`; mails that clients
 * append; objects of the network, which are not synchronized one by one, as they can be had again.
 * @param options.seconds about how long it takes in all
 */
export async function benchStore(options: { seconds: number }): Promise<{ operations: StoreBench[] }> {
  const workplace = await openWorkplace();
  try {
    const submit = submissions(workplace);
    await workplace.mail.createMailbox(MAILBOX, {});
    const operations: readonly Operation[] = [
      { name: "submission", atATime: 1, run: submit },
      {
        name: "submission",
        atATime: AT_ONCE,
        run: () => Promise.all(Array.from({ length: AT_ONCE }, submit)),
      },
      { name: "append", atATime: 1, run: appends(workplace) },
      { name: "inventory insert", atATime: 1, run: inserts(workplace, 1) },
      { name: "inventory insert", atATime: OBJECTS, run: inserts(workplace, OBJECTS) },
    ];
    const totals = await takeTurns(operations.map(taskOf), options.seconds);
    return { operations: operations.map((operation, index) => row(operation, totals[index]!)) };
  } finally {
    await workplace.close();
  }
}

function taskOf({ atATime, run }: Operation): Task {
  return {
    step: atATime,
    async run(count) {
      for (let done = 0; done < count; done += atATime) await run();
    },
  };
}

function submissions({ services, user }: Workplace): () => Promise<unknown> {
  const identity = services.messaging.identities.create({ user, label: "bench" });
  const sender = services.addresses.mailAddress(identity.address);
  const recipient = services.addresses.mailAddress(RECIPIENT);
  const envelope = { sender, recipients: [{ address: recipient }] };
  const body = "A line of a mail that somebody has written to somebody else.\r\n".repeat(25);
  let number = 0;
  return () => {
    const name = `${++number}.bench`;
    const header = `From: <${sender}>\r\nTo: <${recipient}>\r\nSubject: ${name}\r\nMessage-ID: <${name}@example.org>\r\n`;
    return services.submission.submit({ name: user }, envelope, Buffer.from(`${header}\r\n${body}`));
  };
}

function appends({ mail }: Workplace): () => Promise<unknown> {
  let number = 0;
  return () => {
    const bytes = makeMail(number++);
    return mail.append(MAILBOX, [{ bytes, flags: [], internalDate: null, digest: digestMessage(bytes) }]);
  };
}

function inserts({ stores }: Workplace, count: number): () => void {
  return () => {
    const objects = Array.from({ length: count }, makeObject);
    if (stores.inventory.add(objects).length !== count) throw new Error("an object was not kept");
  };
}

/** Nobody checks its work. */
function makeObject(): InventoryObject {
  const kind = { expires: systemClock() + TTL, type: ObjectType.msg, version: 1, stream: 1 };
  const bytes = withNonce(0n, concatBytes(encodeObjectHeader(kind), randomBytes(OBJECT_LENGTH)));
  return { ...kind, hash: inventoryHash(bytes), tag: null, bytes };
}

function row({ name, atATime }: Operation, { operations, seconds, cpuSeconds }: Total): StoreBench {
  return {
    operation: name,
    at_a_time: atATime,
    per_second: perSecond(operations, seconds),
    cpu_milliseconds: Math.round((cpuSeconds / operations) * 1e6) / 1000,
  };
}
