/** PyBitmessage's apinotifypath: a program that is told, by its one argument, that something has happened. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "../../logger.js";
import { killGroup } from "../../mail/transports/process-group.js";

export type ApiEvent = "startingUp" | "newMessage" | "newBroadcast";

export interface Notifier {
  /** Runs the program after those that run or wait; never throws. */
  notify(event: ApiEvent): void;
  /** Ends what runs; resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** Calls that wait; one more of a kind would tell nothing new. */
const MOST_WAITING = 100;

/** @param options.timeLimit milliseconds after which the program is killed */
export function createNotifier(options: {
  readonly path: string;
  readonly timeLimit?: number;
  readonly logger: Logger;
}): Notifier {
  return new ProgramNotifier(options);
}

class ProgramNotifier implements Notifier {
  readonly #waiting: ApiEvent[] = [];
  #running: ChildProcess | null = null;
  #whenQuiet: (() => void)[] = [];
  #isStopped = false;

  constructor(
    private readonly options: { readonly path: string; readonly timeLimit?: number; readonly logger: Logger },
  ) {}

  notify(event: ApiEvent): void {
    if (this.options.path === "" || this.#isStopped) return;
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(event);
    this.#next();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.length = 0;
    if (this.#running === null) return Promise.resolve();
    killGroup(this.#running);
    return new Promise((resolve) => this.#whenQuiet.push(resolve));
  }

  #next(): void {
    const event = this.#running === null ? this.#waiting.shift() : undefined;
    if (event === undefined) return;
    const { path, timeLimit = 30_000, logger } = this.options;
    // The file itself, without a shell; a group of its own, so that what it starts is ended with it.
    const child = spawn(path, [event], { stdio: "ignore", shell: false, detached: true });
    this.#running = child;
    const deadline = setTimeout(() => killGroup(child), timeLimit);
    const ended = () => {
      clearTimeout(deadline);
      this.#running = null;
      for (const tell of this.#whenQuiet.splice(0)) tell();
      this.#next();
    };
    child.once("error", (error) => {
      logger.warn("api.notify_path cannot be run", { path, error });
      // One that has been started ends as well.
      if (child.pid === undefined) ended();
    });
    child.once("exit", (status, signal) => {
      if (status !== 0 && !this.#isStopped)
        logger.warn("the program of api.notify_path failed", { path, event, status, signal });
      ended();
    });
  }
}
