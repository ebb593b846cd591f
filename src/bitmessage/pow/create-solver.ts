import type { Logger } from "../../logger.js";
import type { EngineChoice } from "./engine.js";
import { hasGpuPackage } from "./gpu-kernel.js";
import { GpuSearcher } from "./gpu-searcher.js";
import { hasNativeLibrary } from "./native-engine.js";
import { SearchQueue } from "./search-queue.js";
import type { Solver } from "./solver.js";
import { WorkerPool } from "./worker-pool.js";

export interface SolverOptions {
  /** "gpu": the graphics processor however slow it is, and the CPU where it fails. */
  readonly engine: EngineChoice | "gpu";
  /** Of the CPU; at least 1. */
  readonly threads: number;
  readonly logger: Logger;
}

/**
 * A solver on worker threads, and on the graphics processor if the package `webgpu` is there. Threads and processes start
 * with the first search, never keep the process alive while there is nothing to do, and end after some idle time.
 * Throws RangeError for less than one thread.
 */
export function createSolver({ engine, threads, logger }: SolverOptions): Solver {
  const cpu = new WorkerPool({ engine: engine === "gpu" ? "auto" : engine, threads, logger });
  if (engine !== "gpu" && (engine !== "auto" || !hasGpuPackage())) return new SearchQueue(cpu);
  return new SearchQueue(new GpuSearcher({ cpu, use: engine === "gpu" ? "always" : "if-faster", logger }));
}

/** Why an engine that is asked for cannot be had here, as a sentence with what mends it; else null. */
export function missingForEngine(engine: SolverOptions["engine"]): string | null {
  if (engine === "native" && !hasNativeLibrary())
    return "there is no native engine here; where a C compiler is, node scripts/build-native.mjs makes one";
  if (engine === "gpu" && !hasGpuPackage())
    return "the package webgpu is not installed; npm install --no-save webgpu@0.6.2 brings it";
  return null;
}
