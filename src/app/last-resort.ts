/** What happens to errors that nobody has caught, and to output that nobody takes. */
import type { Logger } from "../logger.js";

/** The part of `process` that is needed. */
export interface GuardedProcess {
  on(event: "uncaughtException", listener: (error: unknown, origin: string) => void): unknown;
  off(event: "uncaughtException", listener: (error: unknown, origin: string) => void): unknown;
  exit(status: number): void;
  exitCode?: number | string | null | undefined;
}

export interface LastResortOptions {
  readonly process: GuardedProcess;
  readonly logger: Logger;
  /** Begins an orderly end. */
  readonly end: () => void;
  /** Milliseconds until the program ends however that goes. */
  readonly patience?: number;
}

const PATIENCE = 10_000;

/**
 * An error that nobody has caught, or a promise that nobody looks after, ends the program with status 1: what it was at may be
 * half-done, while what was promised is on the disk. A service manager starts it again. Returns how to leave off.
 */
export function endOnUncaught({ process, logger, end, patience = PATIENCE }: LastResortOptions): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const listener = (error: unknown, origin: string) => {
    try {
      // Not the error itself: what else it carries could be anything.
      logger.error("an error that nobody has caught ends the program", { origin, stack: stackOf(error) });
    } finally {
      process.exitCode = 1;
      // The second one is met while ending.
      if (deadline !== undefined) process.exit(1);
      deadline = setTimeout(() => process.exit(1), patience);
      deadline.unref();
      end();
    }
  };
  process.on("uncaughtException", listener);
  return () => {
    clearTimeout(deadline);
    process.off("uncaughtException", listener);
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error || (typeof error === "object" && error !== null && "stack" in error)
    ? String((error as { stack?: unknown }).stack)
    : `not an error but a ${typeof error}`;
}

/** Everything has ended. What has been forgotten, and would keep the process waiting, does so for no longer than this. */
export function leaveSoon(
  { exit }: Pick<GuardedProcess, "exit">,
  status: () => number,
  patience = PATIENCE,
): void {
  setTimeout(() => exit(status()), patience).unref();
}

/** A closed pipe, or a full disk under a file, must not end the program. */
export function forgiveOutput(streams: readonly NodeJS.WritableStream[]): void {
  for (const stream of streams) stream.on("error", () => {});
}
