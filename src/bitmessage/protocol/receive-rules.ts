import type { Address, AddressParts } from "./address.js";
import { addressSecrets } from "./address.js";
import { equalBytes } from "./bytes.js";
import type { ProtocolErrorCode } from "./errors.js";
import type { PubkeyRequest } from "./getpubkey.js";
import { atLeast, type Difficulty, isWorkSufficient } from "./pow-target.js";

/** Seconds for which a pubkey is not sent again. */
const PUBKEY_RESEND_INTERVAL = 2_419_200;

/** An own identity, as far as answering a request for its key is concerned. */
export interface RequestedIdentity extends AddressParts {
  isChan: boolean;
  /** Unix seconds of the last time the pubkey was sent, or null for never */
  lastPubkeySent: number | null;
}

/**
 * Whose pubkey to send in answer to a request, or why not: `not_for_us`, `version_mismatch`, `stream_mismatch`, `chan_ignored`,
 * `answered_recently` (PROTOCOL.md section 17.2, after `openGetpubkey`).
 * @param identities the enabled ones
 * @param now Unix seconds
 */
export function checkGetpubkeyRequest<T extends RequestedIdentity>(
  request: PubkeyRequest,
  identities: readonly T[],
  now: number,
): { answer: T } | { refuse: ProtocolErrorCode } {
  const named = identities.filter((identity) => isNamed(request, identity));
  const ofVersion = named.filter((identity) => identity.version === request.version);
  const identity = ofVersion.find(({ stream }) => stream === request.stream);
  if (named.length === 0) return { refuse: "not_for_us" };
  if (ofVersion.length === 0) return { refuse: "version_mismatch" };
  if (identity === undefined) return { refuse: "stream_mismatch" };
  if (identity.isChan) return { refuse: "chan_ignored" };
  const { lastPubkeySent } = identity;
  if (lastPubkeySent !== null && lastPubkeySent > now - PUBKEY_RESEND_INTERVAL) {
    return { refuse: "answered_recently" };
  }
  return { answer: identity };
}

function isNamed(request: PubkeyRequest, identity: AddressParts): boolean {
  if ("ripe" in request) return equalBytes(request.ripe, identity.ripe);
  // The tag is a hash over version and stream too, so it can only be that of a version 4 identity.
  const { tag } = addressSecrets(identity);
  return tag !== null && equalBytes(request.tag, tag);
}

/**
 * Whether a message carries the work that its recipient demands (PROTOCOL.md section 17.4, number 8): `demanded_pow_not_met` or null.
 * @param object complete, with its nonce
 * @param context.now Unix seconds
 * @param context.sender "known" when he is in the address book, an enabled subscription or an enabled whitelist entry
 */
export function checkDemandedWork(
  object: Uint8Array,
  context: {
    recipient: { version: number; isChan: boolean; difficulty: Difficulty };
    sender: "known" | "unknown";
    minimum: Difficulty;
    now: number;
  },
): ProtocolErrorCode | null {
  const { recipient, sender, minimum, now } = context;
  if (recipient.version < 3 || recipient.isChan || sender === "known") return null;
  const difficulty = atLeast(recipient.difficulty, minimum);
  return isWorkSufficient(object, { now, difficulty, minimum }) ? null : "demanded_pow_not_met";
}

/**
 * Whether the user's lists let a sender through (PROTOCOL.md section 17.4, number 9): `blacklisted`, `not_whitelisted` or null.
 * @param lists.listed whether the list of this mode has an enabled entry for the address
 */
export function checkSenderLists(
  sender: Address,
  lists: { mode: "black" | "white"; listed(sender: Address): boolean },
): ProtocolErrorCode | null {
  const isListed = lists.listed(sender);
  if (lists.mode === "black") return isListed ? "blacklisted" : null;
  return isListed ? null : "not_whitelisted";
}

/** What decides whether the acknowledgement inside an accepted message is announced. */
export interface AckCircumstances {
  /** the ack field of the message */
  ack: Uint8Array;
  encoding: number;
  recipient: { isChan: boolean; sendsAcks: boolean };
}

/**
 * Whether to announce the acknowledgement of a message that passed all checks and was decoded (PROTOCOL.md section 15). The ack itself
 * is to be checked as well: see `openAckPacket` and `checkObject`.
 */
export function isAckDue({ ack, encoding, recipient }: AckCircumstances): boolean {
  return ack.length > 0 && encoding !== 0 && !recipient.isChan && recipient.sendsAcks;
}
