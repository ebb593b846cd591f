import type { Stores } from "../../store/stores.js";
import type { BackupResult } from "../backup.js";
import type { Config } from "../config/config.js";
import type { Services } from "../services.js";

/** What the control methods work on. */
export interface MethodsContext {
  readonly services: Services;
  readonly stores: Stores;
  readonly config: Config;
  readonly backUp: (file: string) => Promise<BackupResult>;
  /** What a running node tells of itself; null without one. */
  readonly status: (() => unknown) | null;
}
