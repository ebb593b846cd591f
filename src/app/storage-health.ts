/** Notices that the disk is full, broken or read-only, or the database damaged; tells people, and when it is over sets to work again. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import type { Timer } from "../bitmessage/messaging/ports.js";
import type { Logger } from "../logger.js";
import { type StorageFault, storageFault } from "../store/storage-fault.js";
import type { Stores } from "../store/stores.js";
import type { DataDirectory } from "./data-directory.js";
import { STORAGE_TEXTS } from "./storage-texts.js";

export interface StorageTrouble {
  readonly fault: StorageFault;
  /** Unix seconds. */
  readonly since: number;
  /** For people: a sentence without its full stop. */
  readonly text: string;
}

export interface StorageHealth {
  /** Looks whether the error is one of storage and takes note of it; what is wrong then, else null. */
  notice(error: unknown): StorageTrouble | null;
  /** What is wrong now; null: nothing that is known. */
  trouble(): StorageTrouble | null;
  stop(): void;
}

export interface StorageHealthOptions {
  /** Throws while storage cannot be written to. */
  readonly probe: () => void;
  /** Called when a part of the database turns out to be damaged. */
  readonly damaged: () => void;
  /** Called when it can be written to again. */
  readonly recovered: () => void;
  readonly clock: () => number;
  readonly timer: Timer;
  readonly logger: Logger;
}

/** Seconds between two looks whether it is over. */
const PROBE_INTERVAL = 10;

export function createStorageHealth(options: StorageHealthOptions): StorageHealth {
  const { probe, damaged, recovered, clock, timer, logger } = options;
  let trouble: StorageTrouble | null = null;
  let cancel: (() => void) | null = null;
  let stopped = false;

  function look(): void {
    cancel = null;
    if (trouble === null) return;
    try {
      probe();
    } catch (error) {
      if (storageFault(error) === null) logger.error("storage cannot be tried", { error });
      cancel = timer(PROBE_INTERVAL, look);
      return;
    }
    logger.info("storage can be written to again", { fault: trouble.fault });
    trouble = null;
    recovered();
  }

  return {
    notice(error) {
      const fault = storageFault(error);
      if (fault === null) return null;
      if (trouble?.fault === fault || trouble?.fault === "damaged") return trouble;
      trouble = { fault, since: clock(), text: STORAGE_TEXTS[fault] };
      const { code } = error as { code: string };
      logger.error(STORAGE_TEXTS[fault], { code });
      // What is damaged does not heal.
      if (fault === "damaged") damaged();
      else if (!stopped) cancel ??= timer(PROBE_INTERVAL, look);
      return trouble;
    },
    trouble: () => trouble,
    stop() {
      // What fails after this is still told, and not tried again.
      stopped = true;
      cancel?.();
      cancel = null;
      trouble = null;
    },
  };
}

const PROBE_LENGTH = 1024 * 1024;

/** Whether there is room, and the database takes something. Throws what the system or SQLite throws. */
export function probeStorage(
  directory: Pick<DataDirectory, "database">,
  { transactions, properties }: Pick<Stores, "transactions" | "properties">,
): void {
  probeDirectory(`${directory.database}.probe`);
  transactions.run(() => properties.set("storage.probe", `${Date.now()}`));
}

/** Whether there is room for more than the next few words: a file of a megabyte is written, and removed again. */
function probeDirectory(file: string): void {
  try {
    const descriptor = openSync(file, "w", 0o600);
    try {
      const bytes = new Uint8Array(PROBE_LENGTH);
      if (writeSync(descriptor, bytes) < PROBE_LENGTH)
        throw Object.assign(new Error("there is no room"), { code: "ENOSPC" });
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } finally {
    rmSync(file, { force: true });
  }
}
