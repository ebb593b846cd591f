/** Property tests try the same values in each run, so that a run tells of the change at hand; FAST_CHECK_SEED (any whole number) tries others. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? 1) });
