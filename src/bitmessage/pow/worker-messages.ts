import type { EngineName } from "./engine.js";
import type { EngineMeasurement } from "./measure-engines.js";
import type { Work } from "./solver.js";

/** From the pool to a worker thread. */
export type WorkerOrder =
  | { readonly kind: "measure"; readonly engines: readonly EngineName[] }
  | {
      readonly kind: "search";
      readonly engine: EngineName;
      readonly work: Work;
      /** The memory of a SearchControl. */
      readonly control: SharedArrayBuffer;
      readonly search: number;
      readonly thread: number;
    };

/** From a worker thread to the pool. A search that was stopped is not answered. */
export type WorkerAnswer =
  | { readonly kind: "measured"; readonly measurements: readonly EngineMeasurement[] }
  | { readonly kind: "found"; readonly search: number; readonly nonce: bigint }
  | { readonly kind: "broken"; readonly search: number; readonly engine: EngineName; readonly text: string };
