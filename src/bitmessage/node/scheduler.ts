/** Time for one node: everything that waits does so here, so that `stop` leaves nothing behind, and tests can bring their own. */
export interface Scheduler {
  /** Seconds on a clock that never goes back; only differences mean something. */
  now(): number;
  /** Runs `task` once; returns how to cancel it. */
  after(seconds: number, task: () => void): () => void;
  /** Runs `task` again and again; returns how to end it. */
  every(seconds: number, task: () => void): () => void;
  /** Cancels everything; later requests are ignored. */
  stop(): void;
  readonly stopped: boolean;
}

/** @param onError hears what a task threw: a failing task must not end the process, nor its own repetition */
export function createScheduler(onError: (error: unknown) => void): Scheduler {
  const cancels = new Set<() => void>();
  let stopped = false;

  function run(task: () => void): void {
    try {
      task();
    } catch (error) {
      onError(error);
    }
  }

  function keep(cancelTimer: () => void): () => void {
    const cancel = () => {
      cancels.delete(cancel);
      cancelTimer();
    };
    cancels.add(cancel);
    return cancel;
  }

  return {
    now: () => performance.now() / 1000,
    after(seconds, task) {
      if (stopped) return () => {};
      const timer = setTimeout(() => {
        cancel();
        run(task);
      }, seconds * 1000);
      const cancel = keep(() => clearTimeout(timer));
      return cancel;
    },
    every(seconds, task) {
      if (stopped) return () => {};
      const timer = setInterval(() => run(task), seconds * 1000);
      return keep(() => clearInterval(timer));
    },
    get stopped() {
      return stopped;
    },
    stop() {
      stopped = true;
      for (const cancel of [...cancels]) cancel();
    },
  };
}
