/** Sent messages, and sending. */

import type { Identity } from "../../bitmessage/messaging/types.js";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import { canonicalAddress, verifyAddress } from "./addresses.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { ApiError, apiError } from "./errors.js";
import { trashSent } from "./inbox-commands.js";
import { inBase64, type Parameters } from "./parameters.js";
import { type Message, sendMessage } from "./sending.js";
import { ackDataOf, messageIdOf, recipientOf, type SentEntry, statusOf, textOf } from "./sent-mail.js";
import { type RpcValue, typeName } from "./values.js";

export const SENT_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["getAllSentMessages"],
    parameters: [],
    help: "Sent messages in the list sentMessages, as long as the queue knows them: 30 days after their end. msgid and ackData are in hex, subject and message in base64.",
    run: (_parameters, { user, sent }) => ({ sentMessages: sent.list(user).map(row) }),
  },
  {
    names: ["getAllSentMessageIds", "getAllSentMessageIDs"],
    parameters: [],
    help: "The same as getAllSentMessages, with nothing but the msgid of each, in the list sentMessageIds.",
    run: (_parameters, { user, sent }) => ({
      sentMessageIds: sent.list(user).map(({ entry }) => ({ msgid: messageIdOf(entry) })),
    }),
  },
  {
    names: ["getSentMessageById", "getSentMessageByID"],
    parameters: ["msgid"],
    help: "One sent message, in the list sentMessage.",
    run: (parameters, { user, sent }) => single(sent.findById(user, toHex(parameters.hex(0)))),
  },
  {
    names: ["getSentMessagesByAddress", "getSentMessagesBySender"],
    parameters: ["fromAddress"],
    help: "The same as getAllSentMessages, of the messages from one address.",
    run(parameters, { user, sent }) {
      const from = canonicalAddress(parameters.text(0));
      const own = sent.list(user).filter(({ entry }) => entry.from === from);
      return { sentMessages: own.map(row) };
    },
  },
  {
    names: ["getSentMessageByAckData"],
    parameters: ["ackData"],
    help: "The sent message with that ackdata, in the list sentMessage.",
    run: (parameters, { user, sent }) => single(sent.findByAckData(user, toHex(parameters.hex(0)))),
  },
  {
    names: ["trashSentMessage"],
    parameters: ["msgid"],
    help: "Moves a sent message to Trash; it is not sent, or not sent again.",
    run: trashSent,
  },
  {
    names: ["trashSentMessageByAckData"],
    parameters: ["ackData"],
    help: "Moves the sent message with that ackdata to Trash; it is not sent, or not sent again.",
    run(parameters, { user, sent }) {
      const found = sent.findByAckData(user, toHex(parameters.hex(0)));
      if (found !== null) sent.trash(user, found);
      return "Trashed sent message (assuming message existed).";
    },
  },
  {
    names: ["getStatus"],
    parameters: ["ackData"],
    help: "What became of the sent message with that ackdata, in one word.",
    run(parameters, { user, sent }) {
      if (parameters.text(0).length < 76) throw apiError(15);
      const found = sent.findByAckData(user, toHex(parameters.hex(0)));
      return found === null ? "notfound" : statusOf(found.entry);
    },
  },
  {
    names: ["sendMessage"],
    parameters: ["toAddress", "fromAddress", "subject", "message", "encodingType?", "TTL?"],
    help: "Sends a message and tells its ackdata. subject and message are in base64; the encoding is 2 (simple) or 3 (extended); TTL is in seconds.",
    run(parameters, context) {
      const content = contentIn(parameters, 2);
      const { address: to } = verifyAddress(parameters.text(0));
      const { address: from } = senderIn(parameters, 1, context);
      return sendMessage({ kind: "msg", to, from, ...content }, context);
    },
  },
  {
    names: ["sendBroadcast"],
    parameters: ["fromAddress", "subject", "message", "encodingType?", "TTL?"],
    help: "Sends a message to all who follow the address, and tells its ackdata. The same as sendMessage otherwise.",
    run(parameters, context) {
      const content = contentIn(parameters, 1);
      const { address: from } = senderIn(parameters, 0, context);
      return sendMessage({ kind: "broadcast", to: from, from, ...content }, context);
    },
  },
];

function row({ entry }: SentEntry): RpcValue {
  return {
    msgid: messageIdOf(entry),
    toAddress: recipientOf(entry),
    fromAddress: entry.from,
    subject: inBase64(entry.subject),
    message: inBase64(textOf(entry)),
    encodingType: entry.encoding,
    lastActionTime: entry.changed,
    status: statusOf(entry),
    ackData: ackDataOf(entry),
  };
}

function single(found: SentEntry | null): RpcValue {
  return found === null ? null : { sentMessage: [row(found)] };
}

const LONGEST_CONTENT = 2 ** 18 - 500;
const [SHORTEST_TTL, DEFAULT_TTL, LONGEST_TTL] = [3600, 345_600, 2_419_200];

/** Subject, text, encoding and time to live, which follow each other. @throws ApiError 6, 22, 27 */
function contentIn(
  parameters: Parameters,
  index: number,
): Pick<Message, "subject" | "body" | "encoding" | "ttl"> {
  const encoding = parameters.has(index + 2) ? parameters.value(index + 2) : 2;
  if (encoding !== 2 && encoding !== 3) throw apiError(6);
  const subject = parameters.base64(index);
  const body = parameters.base64(index + 1);
  if (subject.length + body.length > LONGEST_CONTENT) throw apiError(27);
  const ttl = parameters.number(index + 3, DEFAULT_TTL);
  if (Number.isNaN(ttl)) throw new ApiError(21, `TTL is ${typeName(parameters.value(index + 3))}`);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    subject: decoder.decode(subject),
    body: decoder.decode(body),
    encoding,
    ttl: Math.floor(Math.min(LONGEST_TTL, Math.max(SHORTEST_TTL, ttl))),
  };
}

/** @throws ApiError 7 to 14, 26 */
function senderIn(parameters: Parameters, index: number, { user, services }: ApiContext): Identity {
  const { address } = verifyAddress(parameters.text(index));
  const identity = services.messaging.identities.get(user, address);
  if (identity === null) throw new ApiError(13, "Could not find your fromAddress in the keys.dat file.");
  if (!identity.enabled) throw apiError(14);
  return identity;
}
