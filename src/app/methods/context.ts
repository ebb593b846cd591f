import type { Stores } from "../../store/stores.js";
import type { BackupResult } from "../backup.js";
import type { Endpoints } from "../client-setup/start-lines.js";
import type { Config } from "../config/config.js";
import type { Services } from "../services.js";

/** What the control methods work on. */
export interface MethodsContext {
  readonly services: Services;
  readonly stores: Stores;
  readonly config: Config;
  readonly backUp: (file: string) => Promise<BackupResult>;
  /** Where a running node listens; null without one. */
  readonly endpoints: () => Endpoints | null;
  /** Directory of the certificates. */
  readonly certificates: string;
  /** What a running node tells of itself; null without one. */
  readonly status: (() => unknown) | null;
}
