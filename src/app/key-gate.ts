/** Private keys that are locked and unlocked while the node runs: with them stands and falls whatever signs and opens. */
import type { Messaging } from "../bitmessage/messaging/messaging.js";
import type { TrialPool } from "../bitmessage/messaging/trial-pool.js";
import { HttpError } from "../http/message.js";
import type { Logger } from "../logger.js";
import { ImapError } from "../mail/imap/error.js";
import { SmtpError } from "../mail/smtp/error.js";
import type { KeyVault } from "../store/key-vault.js";
import { StoreError } from "../store/store-error.js";
import { CommandError } from "./control/messages.js";
import type { StorageRefusals } from "./storage-refusals.js";

export interface KeyGate {
  readonly state: KeyVault["state"];
  /** From now on what needs keys runs whenever they are there. */
  start(): void;
  /** What came meanwhile is looked at, and what waits is sent. @throws StoreError `wrong-passphrase` */
  unlock(passphrase: string): Promise<void>;
  /** Resolves when nothing that needs keys is under way and they are wiped. Nothing happens where they are not encrypted. */
  lock(): Promise<void>;
}

export interface KeyGateOptions {
  readonly keys: KeyVault;
  readonly messaging: Pick<Messaging, "start" | "pause">;
  readonly trialPool: Pick<TrialPool, "rest">;
  readonly logger: Logger;
}

export function createKeyGate(options: KeyGateOptions): KeyGate {
  return new VaultGate(options);
}

class VaultGate implements KeyGate {
  #isStarted = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: KeyGateOptions) {}

  get state(): KeyVault["state"] {
    return this.options.keys.state;
  }

  start(): void {
    this.#isStarted = true;
    if (this.state === "locked") this.options.logger.warn(LOCKED);
    else this.options.messaging.start();
  }

  unlock(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      const { keys, messaging, logger } = this.options;
      const wasLocked = this.state === "locked";
      await keys.unlock(passphrase);
      if (!wasLocked || !this.#isStarted) return;
      messaging.start();
      logger.info("the private keys are unlocked");
    });
  }

  lock(): Promise<void> {
    return this.#inTurn(async () => {
      const { keys, messaging, trialPool, logger } = this.options;
      if (this.state !== "open") return;
      // First what uses them, or it would take them for broken.
      if (this.#isStarted) await messaging.pause();
      await trialPool.rest();
      keys.lock();
      logger.info("the private keys are locked");
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** What people are told; also by those who log in to read mail. */
export const LOCKED =
  "The private keys are locked: mail is kept, and nothing is sent or opened until somebody unlocks them, on the web page, by mail to bridge@, or with bmbridge keys unlock";

/** The refusals, with what needs keys that are locked told in the words of each server. */
export function refuseWhileLocked(refusals: StorageRefusals): StorageRefusals {
  return {
    smtp: (error) => (isLocked(error) ? new SmtpError(451, "4.7.0", LOCKED) : refusals.smtp(error)),
    imap: (error) =>
      isLocked(error) ? new ImapError("NO", "UNAVAILABLE", `${LOCKED}.`) : refusals.imap(error),
    http: (error) => (isLocked(error) ? new HttpError(503, `${LOCKED}.`) : refusals.http(error)),
    command: (error) =>
      isLocked(error) ? new CommandError("the private keys are locked") : refusals.command(error),
  };
}

function isLocked(error: unknown): boolean {
  return error instanceof StoreError && error.code === "locked";
}
