/** Sending, and what became of it. */
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import { z } from "zod";
import type { OutboxEntry, OutboxId } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { bitmessageAddress, method, text } from "./parameters.js";

export function queueMethods(context: MethodsContext): ControlMethods {
  const { stores, services } = context;
  const { outbox } = services.messaging;
  const find = (id: string) => findEntry(stores, id);
  const row = (entry: OutboxEntry) => ({
    id: entry.id,
    from: entry.from,
    to: entry.to,
    subject: entry.subject,
    state: entry.state,
    created: entry.created,
    expires: entry.expires,
    attempts: entry.attempts,
    progress: outbox.progress(entry.id)?.share ?? null,
    ...(entry.failure === null ? {} : { failure: entry.failure }),
  });
  return {
    "queue.list": method({}, () => stores.outbox.list({}).map(row)),
    "queue.show": method({ id: text }, ({ id }) => details(context, find(id), row)),
    "queue.cancel": method({ id: text }, ({ id }) => {
      const found = find(id);
      const entry = stores.transactions.run(() => outbox.cancel(found.id));
      if (entry?.state !== "cancelled")
        throw new CommandError(`it is too late: the message is ${entry?.state ?? "gone"}`);
      return row(entry);
    }),
    "queue.retry": method({ id: text }, ({ id }) => {
      const { id: found } = find(id);
      return row(stores.transactions.run(() => outbox.retry(found)));
    }),
    send: method(
      { from: bitmessageAddress, to: text, subject: z.string().max(10_000), body: z.string() },
      (message) => send(context, message),
    ),
  };
}

/** By the id of the message, or by the queue id that `250` told for the mail where that became one message. */
function findEntry(stores: MethodsContext["stores"], id: string): OutboxEntry {
  const recipients = stores.submissions.get(id)?.recipients ?? [];
  if (recipients.length > 1) {
    const ids = recipients.map((recipient) => recipient.outboxId).join(", ");
    throw new CommandError(`the mail ${id} has several recipients, each a message: ${ids}`);
  }
  const entry = stores.outbox.get(recipients[0]?.outboxId ?? (id as OutboxId));
  if (entry === null) throw new CommandError(`there is no message ${id} in the queue`);
  return entry;
}

function details(context: MethodsContext, entry: OutboxEntry, row: (entry: OutboxEntry) => object): unknown {
  const progress = context.services.messaging.outbox.progress(entry.id);
  const work =
    progress === null
      ? {}
      : { trials: progress.trials, expected_trials: Math.round(progress.expectedTrials) };
  return {
    ...row(entry),
    kind: entry.kind,
    ttl: entry.ttl,
    octets: entry.content.length,
    inventory_hash: entry.inventoryHash,
    next_action: entry.nextAction,
    pubkey_requests: entry.pubkeyRequests,
    ...work,
  };
}

/** The same way as a mail client's: a mail is submitted, and its copy is in Sent. */
async function send(
  context: MethodsContext,
  message: { from: Address; to: string; subject: string; body: string },
): Promise<unknown> {
  const { services, stores, config } = context;
  const { from } = message;
  const identity = services.messaging.identities.get(from);
  if (identity === null) throw new CommandError(`${from} is not one of your identities`);
  const user = { name: identity.user };
  const sender = services.addresses.mailAddress(from);
  const recipient = message.to.includes("@") ? message.to : `${message.to}@${config.mail.domain}`;
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
  const outboxId = stores.submissions.get(queueId)?.recipients[0]?.outboxId;
  const entry = outboxId === undefined ? null : stores.outbox.get(outboxId);
  if (entry === null) throw new CommandError("the message is not in the queue");
  return { id: entry.id, from: entry.from, to: entry.to, subject: entry.subject, state: entry.state };
}
