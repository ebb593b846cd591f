/** How fast this machine works, also before it has worked since the start. */
import type { Solver } from "../bitmessage/pow/solver.js";
import type { PropertyStore } from "../store/stores.js";

const PROPERTY = "pow.trials_per_second";
/** A figure that differs by less is not worth being written. */
const NOTICEABLE = 0.2;

/** Trials per second, all threads together: as measured since the start, else as measured before; 0 when nothing was. */
export function createSpeedometer(properties: PropertyStore, solver: Pick<Solver, "status">): () => number {
  return () => {
    const known = Number(properties.get(PROPERTY) ?? 0);
    const measured = solver.status().trialsPerSecond;
    if (measured === 0) return known;
    if (Math.abs(measured - known) > known * NOTICEABLE) properties.set(PROPERTY, String(measured));
    return measured;
  };
}
