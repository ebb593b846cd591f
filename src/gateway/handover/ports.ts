/** What the queue of mail for other mail systems needs from the store. Synchronous, so that it shares transactions. */

export type HandoverId = string & { readonly __brand: "HandoverId" };

/** The target of mail that goes to ordinary recipients through the smarthost. Delivery targets have other names. */
export const RELAY = "relay";

/** `done` and `cancelled` are final; `failed` until somebody retries. */
export type HandoverState = "waiting" | "done" | "failed" | "cancelled";

/** One mail that is to be handed to one target, from the transaction that makes it due to its end. */
export interface Handover {
  readonly id: HandoverId;
  /** Name of a delivery target, or RELAY. */
  readonly target: string;
  readonly user: string;
  /** Mail addresses of the envelope; the sender is empty for a report. */
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  /** Without angle brackets: the mail's, and of relayed mail its copy's in Sent. */
  readonly messageId: string;
  /** What the sender of a relayed mail wants to be told (RFC 3461); null for received mail. */
  readonly wishes: ReportWishes | null;
  readonly state: HandoverState;
  readonly attempts: number;
  /** Why the last attempt failed, one line; null when none has. */
  readonly error: string | null;
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds from which giving up is counted: `created`, or the last retry by hand. */
  readonly started: number;
  /** Unix seconds before which nothing is tried. */
  readonly nextAttempt: number;
  /** Whether a report has said that it takes longer. */
  readonly warned: boolean;
}

export interface ReportWishes {
  readonly ret: "FULL" | "HDRS";
  readonly envid: string | null;
  readonly notify: readonly string[] | null;
  readonly orcpt: string | null;
  /** The recipient as the client wrote it. */
  readonly original: string;
}

export interface HandoverStore {
  add(handover: Handover, bytes: Uint8Array): void;
  get(id: HandoverId): Handover | null;
  /** The mail, or null when there is no such handover or it has ended well or by cancelling. */
  read(id: HandoverId): Uint8Array | null;
  /** Replaces it; the mail of one that is `done` or `cancelled` is forgotten. */
  update(handover: Handover): void;
  remove(id: HandoverId): void;
  /** Of those that are `done` or `cancelled`: removes the oldest from before a time (Unix seconds), at most so many; returns how many. */
  removeBefore(time: number, limit: number): number;
  /** Newest first; without those that are `done`. */
  list(): readonly Handover[];
  /** The waiting one of that target that is due first, or null. */
  next(target: string): Handover | null;
  /** The waiting ones of that target that were started at or before that time (Unix seconds), oldest first. */
  startedBefore(target: string, time: number): readonly Handover[];
  /** Those of the user's relayed mail with that Message-ID, oldest first. */
  relayed(user: string, messageId: string): readonly Handover[];
  /** Targets for which something waits. */
  targets(): readonly string[];
  removeUser(user: string): void;

  /** Whether the user has been told of that trouble with the target since it last worked. */
  wasTold(target: string, user: string, trouble: "delayed" | "failed"): boolean;
  markTold(target: string, user: string, trouble: "delayed" | "failed"): void;
  /** The target works for that user. */
  clearTold(target: string, user: string): void;
}
