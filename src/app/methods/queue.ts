/** Sending, and what became of it. */
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import { z } from "zod";
import type { OutboxEntry, OutboxEntryState, OutboxId } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { acceptedWork, priceText } from "../../gateway/outgoing/price.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { bitmessageAddress, method, text } from "./parameters.js";
import { chooseOwner } from "./users.js";

export function queueMethods(context: MethodsContext): ControlMethods {
  const { stores, services } = context;
  const { outbox } = services.messaging;
  const find = (id: string, user: string | undefined) => findEntry(stores, id, user);
  const row = (entry: OutboxEntryState) => ({
    id: entry.id,
    kind: entry.kind,
    from: entry.from,
    to: entry.to,
    subject: entry.subject,
    state: entry.state,
    created: entry.created,
    changed: entry.changed,
    expires: entry.expires,
    attempts: entry.attempts,
    progress: outbox.progress(entry.id)?.share ?? null,
    ...(entry.failure === null ? {} : { failure: entry.failure }),
  });
  return {
    "queue.list": method(listing, ({ user, scope, limit }) => {
      const isOwn = (entry: OutboxEntryState) => user === undefined || ownerOf(stores, entry) === user;
      if (scope === "active") return stores.outbox.active().filter(isOwn).reverse().map(row);
      return newest(stores, limit ?? Number.MAX_SAFE_INTEGER, isOwn).map(row);
    }),
    "queue.show": method(one, ({ id, user }) => details(context, find(id, user), row)),
    "queue.cancel": method(one, ({ id, user }) => {
      const found = find(id, user);
      const entry = stores.transactions.run(() => outbox.cancel(found.id));
      if (entry?.state !== "cancelled")
        throw new CommandError(`it is too late: the message is ${entry?.state ?? "gone"}`);
      return row(entry);
    }),
    "queue.retry": method({ ...one, accept_price: z.boolean().optional() }, (wanted) => {
      const { id } = find(wanted.id, wanted.user);
      const change = wanted.accept_price ? { maximumWork: priceOf(context, id) } : {};
      return row(stores.transactions.run(() => outbox.retry(id, change)));
    }),
    send: method(
      {
        from: bitmessageAddress,
        to: text,
        subject: z.string().max(10_000),
        body: z.string(),
        user: text.optional(),
      },
      (message) => send(context, message),
    ),
  };
}

/** Newest first: those for which something is still to be done or awaited, or the newest of all. */
const listing = {
  user: text.optional(),
  scope: z.enum(["active", "all"]).optional(),
  limit: z.int().min(1).optional(),
};

/** What belongs to others is not counted. */
function newest(
  { outbox }: MethodsContext["stores"],
  limit: number,
  isOwn: (entry: OutboxEntryState) => boolean,
): OutboxEntryState[] {
  for (let looked = limit; ; looked = Math.min(Number.MAX_SAFE_INTEGER, looked * 4)) {
    const found = outbox.newest(looked);
    const own = found.filter(isOwn);
    if (own.length >= limit || found.length < looked) return own.slice(0, limit);
  }
}

/** Of one message; with a login, only of that login's. */
const one = { id: text, user: text.optional() };

function ownerOf(stores: MethodsContext["stores"], entry: OutboxEntryState): string | undefined {
  return stores.submissions.findByOutboxId(entry.id)?.user ?? stores.identities.owners(entry.from)[0]?.user;
}

/** The trials that sending takes now, and a little more: nobody agrees to a price that he has not been told. */
function priceOf({ services }: MethodsContext, id: OutboxId): number {
  const price = services.messaging.outbox.price(id);
  if (price === null)
    throw new CommandError("the price is not known yet: the recipient's key has not been found");
  return acceptedWork(price.trials);
}

/** By the id of the message, or by the queue id that `250` told for the mail where that became one message. */
function findEntry(stores: MethodsContext["stores"], id: string, user: string | undefined): OutboxEntry {
  const submission = stores.submissions.get(id);
  const isOwn = user === undefined || submission?.user === user;
  const recipients = isOwn ? (submission?.recipients ?? []) : [];
  if (recipients.length > 1) {
    const ids = recipients.map((recipient) => recipient.outboxId).join(", ");
    throw new CommandError(`the mail ${id} has several recipients, each a message: ${ids}`);
  }
  const entry = stores.outbox.get(recipients[0]?.outboxId ?? (id as OutboxId));
  if (entry === null || (user !== undefined && ownerOf(stores, entry) !== user))
    throw new CommandError(`there is no message ${id} in the queue`);
  return entry;
}

function details(
  context: MethodsContext,
  entry: OutboxEntry,
  row: (entry: OutboxEntryState) => object,
): unknown {
  const { services } = context;
  const progress = services.messaging.outbox.progress(entry.id);
  const price = entry.failure === "too-difficult" ? services.messaging.outbox.price(entry.id) : null;
  const estimate = price === null ? {} : { estimate: priceText(price.trials, services.speed()) };
  const work =
    progress === null
      ? {}
      : { trials: progress.trials, expected_trials: Math.round(progress.expectedTrials) };
  return {
    ...row(entry),
    ttl: entry.ttl,
    octets: entry.content.length,
    inventory_hash: entry.inventoryHash,
    next_action: entry.nextAction,
    pubkey_requests: entry.pubkeyRequests,
    ...work,
    ...estimate,
  };
}

/** The same way as a mail client's: a mail is submitted, and its copy is in Sent. */
async function send(
  context: MethodsContext,
  message: { from: Address; to: string; subject: string; body: string; user?: string | undefined },
): Promise<unknown> {
  const { services, stores, config } = context;
  const { from } = message;
  const { identities } = services.messaging;
  const name = chooseOwner(context, identities.owners(from), message.user);
  if (identities.get(name, from) === null) throw new CommandError(`${from} is not one of your identities`);
  const user = { name };
  const sender = services.addresses.mailAddress(from);
  const recipient = message.to.includes("@") ? message.to : `${message.to}@${config.mail.domain}`;
  if (services.addresses.resolve(user.name, recipient).kind === "bridge")
    throw new CommandError("what the bridge does by mail, its commands do as well; see bmbridge --help");
  await services.submission.checkRecipient(user, sender, { address: recipient });
  const bytes = await new MailComposer({
    from: sender,
    to: { name: "", address: recipient },
    subject: message.subject,
    text: message.body,
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: "\r\n",
  })
    .compile()
    .build();
  const { queueId } = await services.submission.submit(
    user,
    { sender, recipients: [{ address: recipient }] },
    new Uint8Array(bytes),
  );
  const submission = stores.submissions.get(queueId);
  const outboxId = submission?.recipients[0]?.outboxId;
  const entry = outboxId === undefined ? null : stores.outbox.get(outboxId);
  const relayed = stores.handovers.relayed(name, submission?.messageId ?? "").at(-1);
  if (entry === null && relayed !== undefined)
    return { id: relayed.id, from, to: relayed.recipient, subject: relayed.subject, state: "queued" };
  if (entry === null) throw new CommandError("the message is not in the queue");
  return { id: entry.id, from: entry.from, to: entry.to, subject: entry.subject, state: entry.state };
}
