/** Received messages. */
import { setImmediate } from "node:timers/promises";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import { canonicalAddress } from "./addresses.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { inBase64, type Parameters } from "./parameters.js";
import type { ReceivedEntry } from "./received-mail.js";
import type { RpcValue } from "./values.js";

export const INBOX_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["getAllInboxMessages"],
    parameters: [],
    help: "All received messages that are not in Trash, in the list inboxMessages; msgid is in hex, subject and message are in base64.",
    run: async (_parameters, context) => ({
      inboxMessages: await rows(context.received.list(context.user), context),
    }),
  },
  {
    names: ["getAllInboxMessageIds", "getAllInboxMessageIDs"],
    parameters: [],
    help: "The same as getAllInboxMessages, with nothing but the msgid of each, in the list inboxMessageIds.",
    run: (_parameters, { user, received }) => ({
      inboxMessageIds: received.list(user).map(({ hash }) => ({ msgid: hash })),
    }),
  },
  {
    names: ["getInboxMessageById", "getInboxMessageByID"],
    parameters: ["msgid", "readStatus?"],
    help: "One received message, in the list inboxMessage. readStatus marks it as read or unread first.",
    async run(parameters, context) {
      const hash = toHex(parameters.hex(0));
      const isToBeMarked = parameters.has(1);
      const seen = parameters.truth(1, "readStatus", false);
      const entry = context.received.find(context.user, hash);
      if (entry === null) return null;
      if (isToBeMarked && entry.seen !== seen) context.received.setSeen(entry, seen);
      return { inboxMessage: await rows([isToBeMarked ? { ...entry, seen } : entry], context) };
    },
  },
  {
    names: ["getInboxMessagesByReceiver"],
    legacyNames: ["getInboxMessagesByAddress"],
    parameters: ["toAddress"],
    help: "The same as getAllInboxMessages, of the messages to one address.",
    async run(parameters, context) {
      const to = canonicalAddress(parameters.text(0));
      const all = await rows(context.received.list(context.user), context);
      return { inboxMessages: all.filter(({ toAddress }) => toAddress === to) };
    },
  },
  {
    names: ["trashMessage"],
    parameters: ["msgid"],
    help: "Moves a received or sent message to Trash.",
    run(parameters, context) {
      trashReceived(parameters, context);
      trashSent(parameters, context);
      return "Trashed message (assuming message existed).";
    },
  },
  {
    names: ["trashInboxMessage"],
    parameters: ["msgid"],
    help: "Moves a received message to Trash.",
    run(parameters, context) {
      trashReceived(parameters, context);
      return "Trashed inbox message (assuming message existed).";
    },
  },
  {
    names: ["undeleteMessage"],
    parameters: ["msgid"],
    help: "Moves a received message from Trash to INBOX.",
    run(parameters, { user, received }) {
      received.restore(user, toHex(parameters.hex(0)));
      return "Undeleted message";
    },
  },
];

type InboxRow = Readonly<Record<string, string | number>>;

const SLICE_MILLISECONDS = 10;

/** Read in slices, so that the event loop goes on. */
async function rows(entries: readonly ReceivedEntry[], context: ApiContext): Promise<InboxRow[]> {
  const found: InboxRow[] = [];
  let end = performance.now() + SLICE_MILLISECONDS;
  for (const entry of entries) {
    const one = row(entry, context);
    if (one !== null) found.push(one);
    if (performance.now() < end) continue;
    await setImmediate();
    context.signal.throwIfAborted();
    end = performance.now() + SLICE_MILLISECONDS;
  }
  return found;
}

/** Null when it has been removed since. */
function row(entry: ReceivedEntry, { received }: ApiContext): InboxRow | null {
  const text = received.read(entry);
  if (text === null) return null;
  return {
    msgid: entry.hash,
    toAddress: text.to,
    fromAddress: text.from,
    subject: inBase64(text.subject),
    message: inBase64(text.body),
    encodingType: text.encoding,
    // A text, as PyBitmessage's column is.
    receivedTime: String(entry.received),
    read: entry.seen ? 1 : 0,
  };
}

function trashReceived(parameters: Parameters, { user, received }: ApiContext): void {
  received.trash(user, toHex(parameters.hex(0)));
}

export function trashSent(parameters: Parameters, { user, sent }: ApiContext): RpcValue {
  const found = sent.findById(user, toHex(parameters.hex(0)));
  if (found !== null) sent.trash(user, found);
  return "Trashed sent message (assuming message existed).";
}
