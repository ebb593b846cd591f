import type { Solution, Solver, SolverStatus, WorkRequest } from "../../../src/bitmessage/pow/solver.js";
import { createInlineSolver } from "./inline-solver.js";

/** A solver whose searches can be kept from ending, as real ones take their time. */
export class HeldSolver implements Solver {
  readonly #inner = createInlineSolver();
  #held: (() => void)[] | null = null;
  /** Priorities in the order in which searches were asked for. */
  readonly priorities: number[] = [];
  /** Throws from the next search on, as a broken engine would. */
  failure: Error | null = null;

  get holding(): number {
    return this.#held?.length ?? 0;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
  }

  async solve(request: WorkRequest): Promise<Solution> {
    this.priorities.push(request.priority ?? 0);
    if (this.failure) throw this.failure;
    if (!this.#held) return this.#inner.solve(request);
    const work = request.prepare();
    request.onProgress?.({ trials: 10, expectedTrials: 100, share: 0.1 });
    await new Promise<void>((resolve) => {
      this.#held?.push(resolve);
      request.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return this.#inner.solve({ ...request, prepare: () => work });
  }

  status(): SolverStatus {
    return this.#inner.status();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
