import type { Work } from "./solver.js";

/** To the process that drives the graphics processor. A new search ends the one before it. */
export type GpuOrder =
  | { readonly kind: "search"; readonly search: number; readonly work: Work }
  | { readonly kind: "stop" };

export type GpuAnswer =
  | { readonly kind: "ready"; readonly adapter: string; readonly trialsPerSecond: number }
  /** It ends after this. */
  | { readonly kind: "failed"; readonly reason: string }
  /** After every batch: trials of this search so far. */
  | { readonly kind: "progress"; readonly search: number; readonly trials: number }
  | { readonly kind: "found"; readonly search: number; readonly trials: number; readonly nonce: bigint };
