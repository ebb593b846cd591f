import type { Logger } from "../logger.js";

/** Ends one thing after the other. One that fails, as on a broken disk, keeps none of the others from ending. */
export async function stopAll(
  steps: readonly (() => unknown | Promise<unknown>)[],
  logger: Logger,
): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      logger.error("something did not end as it should", { error });
    }
  }
}
