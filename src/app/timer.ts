import type { Timer } from "../bitmessage/messaging/ports.js";

/** The system's timers hold at most 24.8 days, and run on while a machine sleeps; longer waits are cut into pieces. */
const LONGEST_PIECE_SECONDS = 3600;

/** @param onError hears what a task threw: it must not end the process */
export function createTimer(onError: (error: unknown) => void): Timer {
  return (seconds, task) => {
    const due = Date.now() + seconds * 1000;
    let handle: NodeJS.Timeout;
    const wait = () => {
      const left = Math.min((due - Date.now()) / 1000, LONGEST_PIECE_SECONDS);
      handle = setTimeout(() => (Date.now() >= due ? run() : wait()), Math.max(0, Math.ceil(left * 1000)));
    };
    const run = () => {
      try {
        task();
      } catch (error) {
        onError(error);
      }
    };
    wait();
    return () => clearTimeout(handle);
  };
}
