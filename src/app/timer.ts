import type { Timer } from "../bitmessage/messaging/ports.js";

/** The system's timers hold at most 24.8 days, and run on while a machine sleeps; longer waits are cut into pieces. */
const LONGEST_PIECE_SECONDS = 3600;

/** Milliseconds: of the clock that people set, which runs on while the machine sleeps, and of the one that nobody sets, which may not. */
export interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

const SYSTEM: Clocks = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * Timers that end when either clock says so: neither a machine that sleeps nor a clock that is set back makes them late.
 * @param onError hears what a task threw: it must not end the process
 */
export function createTimer(onError: (error: unknown) => void, clocks: Clocks = SYSTEM): Timer {
  return (seconds, task) => {
    const { wall, steady } = clocks;
    const due = { wall: wall() + seconds * 1000, steady: steady() + seconds * 1000 };
    let handle: NodeJS.Timeout;
    const left = () => Math.max(0, Math.min(due.wall - wall(), due.steady - steady()));
    const wait = () => {
      const piece = Math.ceil(Math.min(left(), LONGEST_PIECE_SECONDS * 1000));
      handle = setTimeout(() => (left() <= 0 ? run() : wait()), piece);
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
