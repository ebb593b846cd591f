/**
 * The life of an outgoing message as a table (PROTOCOL.md section 16): per state the rules in order, the first that applies says
 * what is to be done. Pure; `outbox.ts` gathers the facts and does what the actions say.
 */
import { MAX_SENT_OBJECT } from "../protocol/object.js";
import { LONGEST_LIFE } from "../protocol/object-check.js";
import type { SendPolicy } from "./ports.js";
import type { FailureReason, OutboxEntry, OutboxState } from "./types.js";

const DAY = 86_400;
/** Seconds; what is published by users lives between these (PROTOCOL.md section 16.2). */
export const SHORTEST_TTL = 3600;
export const LONGEST_TTL = 28 * DAY;
const FIRST_PUBKEY_REQUEST_TTL = 2.5 * DAY;
/** More than anybody does while an object lives: 28 days of fifteen thousand million a second. */
export const MOST_TRIALS = 2 ** 55;
/** Of the life of an object: how long an answer to it is waited for. */
const WAITING_SHARE = 1.1;

/** What sending would take, known before any work is done. */
export interface SendingCost {
  /** Bytes of the whole object; at most 15 more than it will have. */
  readonly objectLength: number;
  /** Expected trials of all proofs of work. */
  readonly trials: number;
}

/** For a broadcast, which needs no key, "known". */
export type RecipientFact =
  | { readonly key: "unknown" }
  /** The recipient's encryption key is no point of the curve: nobody can write to him. */
  | { readonly key: "bad" }
  | {
      readonly key: "known";
      /** Of the first try. */
      readonly cost: SendingCost;
      /** Trials of the next try with the life time that is due to it; not given where that is the first. */
      readonly nextTrials?: number;
    };

/** The request for the recipient's key, whichever message it was made for. */
export type PubkeyRequestFact =
  | { readonly request: "none" }
  /** Its proof of work is being done. */
  | { readonly request: "working" }
  /** It is on the network and may be answered until then. */
  | { readonly request: "out"; readonly until: number };

export interface Facts {
  /** Unix seconds. */
  readonly now: number;
  readonly sender: "present" | "gone";
  readonly recipient: RecipientFact;
  readonly pubkeyRequest: PubkeyRequestFact;
  /** How often the recipient's key has been asked for, by any message that is waiting for it. */
  readonly pubkeyRequests: number;
  /** Whether the proof of work of this message is running or waiting in the solver. */
  readonly work: "none" | "running";
  readonly policy: Pick<SendPolicy, "maximumWork" | "giveUpAfter">;
  /** Unix seconds since which the program has run under a clock that went on evenly. */
  readonly awakeSince: number;
}

export type Action =
  /** The message has come to its end. */
  | { readonly action: "none" }
  /** Look again then; null: when the work or request that is running ends. */
  | { readonly action: "wait"; readonly until: number | null }
  | { readonly action: "request-pubkey"; readonly ttl: number }
  /** Somebody else's request is out already: wait for its answer. */
  | { readonly action: "await-pubkey"; readonly until: number }
  /** As `wait`, with that time instead of one that was told by a clock which has been set back since. */
  | { readonly action: "put-off"; readonly until: number }
  | { readonly action: "send"; readonly ttl: number }
  | { readonly action: "fail"; readonly reason: FailureReason }
  | { readonly action: "acknowledge" }
  | { readonly action: "cancel" }
  /** It has gone out and cannot be called back: no acknowledgement is waited for any more, and it is not sent again. */
  | { readonly action: "stop" };

type Rule = (entry: OutboxEntry, facts: Facts) => Action | null;

const NONE: Action = { action: "none" };

const ended: Rule = () => NONE;

const awaitsNothing: Rule = (entry) => (entry.awaitsAcknowledgement ? null : NONE);

const senderGone: Rule = (_entry, facts) => (facts.sender === "gone" ? fail("identity-gone") : null);

/** Seconds for which the network may answer, and a clock be put right, before anything is given up. */
const RESPITE = 3600;

const patienceOver: Rule = (entry, { now, policy, awakeSince }) => {
  const tried = entry.attempts > 0 || entry.pubkeyRequests > 0 || entry.state === "proof-of-work";
  if (!tried || now < deadline(entry, policy)) return null;
  return now < awakeSince + RESPITE ? { action: "wait", until: awakeSince + RESPITE } : fail("given-up");
};

const workRunning: Rule = (_entry, facts) =>
  facts.work === "running" ? { action: "wait", until: null } : null;

/** Seconds that clocks of one machine may differ by without anybody having set them. */
const CLOCK_TOLERANCE = 3600;

/**
 * Whether the object lives longer than anything that nodes keep (PROTOCOL.md section 8.1): it was made under a clock that was far ahead and
 * has been put right since, and nobody has it.
 */
function reachedNobody({ state, expires }: OutboxEntry, now: number): boolean {
  return state === "sent" && expires !== null && expires > now + LONGEST_LIFE;
}

/** It waits as long from now as it had to wait from its last change. */
const clockSetBack: Rule = (entry, { now }) =>
  entry.nextAction !== null && entry.changed > now + CLOCK_TOLERANCE && !reachedNobody(entry, now)
    ? { action: "put-off", until: now + Math.max(0, entry.nextAction - entry.changed) }
    : null;

const notYetDue: Rule = (entry, { now, policy }) =>
  entry.nextAction !== null && now < entry.nextAction && !reachedNobody(entry, now)
    ? { action: "wait", until: waitingTime(entry.nextAction, entry, policy) }
    : null;

const keyBad: Rule = (_entry, { recipient }) => (recipient.key === "bad" ? fail("bad-key") : null);

const sendable: Rule = (entry, { recipient, policy }) => {
  if (recipient.key !== "known") return null;
  if (recipient.cost.objectLength > MAX_SENT_OBJECT) return fail("too-large");
  const limit = entry.maximumWork ?? policy.maximumWork;
  if (recipient.cost.trials > Math.min(limit || MOST_TRIALS, MOST_TRIALS)) return fail("too-difficult");
  // Nobody pays more for another try than he has agreed to.
  const isTooDear = limit > 0 && (recipient.nextTrials ?? 0) > limit;
  return { action: "send", ttl: isTooDear ? entry.ttl : nextTtl(entry) };
};

/** Seconds that the next try is to live: each twice as long as the one before. */
export function nextTtl({ ttl, attempts }: Pick<OutboxEntry, "ttl" | "attempts">): number {
  return Math.min(LONGEST_TTL, ttl * 2 ** attempts);
}

const requestRunning: Rule = (_entry, { pubkeyRequest }) =>
  pubkeyRequest.request === "working" ? { action: "wait", until: null } : null;

const requestOut: Rule = (_entry, { now, pubkeyRequest }) =>
  pubkeyRequest.request === "out" && now < pubkeyRequest.until
    ? { action: "await-pubkey", until: pubkeyRequest.until }
    : null;

const ask: Rule = (_entry, { pubkeyRequests }) => ({
  action: "request-pubkey",
  ttl: Math.min(LONGEST_TTL, FIRST_PUBKEY_REQUEST_TTL * 2 ** pubkeyRequests),
});

const SEND_OR_ASK: readonly Rule[] = [keyBad, sendable, requestRunning, requestOut, ask];

const RULES: Readonly<Record<OutboxState, readonly Rule[]>> = {
  queued: [senderGone, workRunning, patienceOver, ...SEND_OR_ASK],
  "awaiting-pubkey": [
    senderGone,
    workRunning,
    patienceOver,
    keyBad,
    sendable,
    requestRunning,
    clockSetBack,
    notYetDue,
    requestOut,
    ask,
  ],
  // Without running work: it ended with an error, or the process did.
  "proof-of-work": [senderGone, workRunning, patienceOver, ...SEND_OR_ASK],
  sent: [awaitsNothing, patienceOver, clockSetBack, notYetDue, senderGone, workRunning, ...SEND_OR_ASK],
  acknowledged: [ended],
  failed: [ended],
  cancelled: [ended],
};

/** What is to be done for a message now. */
export function nextAction(entry: OutboxEntry, facts: Facts): Action {
  for (const rule of RULES[entry.state]) {
    const action = rule(entry, facts);
    if (action) return action;
  }
  return NONE;
}

/** The acknowledgement of this message was heard. */
export function afterAcknowledgement(entry: OutboxEntry): Action {
  return isActive(entry) && entry.attempts > 0 ? { action: "acknowledge" } : NONE;
}

/** Its sender does not want it to be sent any more. */
export function afterCancellation(entry: OutboxEntry): Action {
  if (!isActive(entry)) return NONE;
  return { action: entry.attempts === 0 ? "cancel" : "stop" };
}

/** Whether something is still to be done or awaited. */
export function isActive(entry: Pick<OutboxEntry, "state" | "awaitsAcknowledgement">): boolean {
  return entry.state === "sent" ? entry.awaitsAcknowledgement : !RULES[entry.state].includes(ended);
}

/** Unix seconds until which the answer to an object published now is waited for. */
export function answerTime(now: number, ttl: number): number {
  return now + Math.ceil(WAITING_SHARE * ttl);
}

/** Unix seconds at which something is to be done for an entry that waits for an answer until then. */
export function waitingTime(
  answerUntil: number,
  entry: Pick<OutboxEntry, "started">,
  policy: Pick<SendPolicy, "giveUpAfter">,
): number {
  return Math.min(answerUntil, deadline(entry, policy));
}

/** Unix seconds at which sending ends for good; Infinity for never. */
function deadline(entry: Pick<OutboxEntry, "started">, policy: Pick<SendPolicy, "giveUpAfter">): number {
  return policy.giveUpAfter > 0 ? entry.started + policy.giveUpAfter : Number.POSITIVE_INFINITY;
}

function fail(reason: FailureReason): Action {
  return { action: "fail", reason };
}
