/** Every control method: the same words for the command line, over the socket or without a node. */

import type { Stores } from "../../store/stores.js";
import type { Config } from "../config/config.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { Services } from "../services.js";
import { addressMethods } from "./addresses.js";
import { identityMethods } from "./identities.js";
import { queueMethods } from "./queue.js";
import { userMethods } from "./users.js";

export interface MethodsContext {
  readonly services: Services;
  readonly stores: Stores;
  readonly config: Config;
  /** What a running node tells of itself; null without one. */
  readonly status: (() => unknown) | null;
}

export function createMethods(context: MethodsContext): ControlMethods {
  return {
    ...userMethods(context),
    ...identityMethods(context),
    ...addressMethods(context),
    ...queueMethods(context),
    status() {
      if (context.status === null) throw new CommandError("no node runs on this data directory");
      return context.status();
    },
  };
}
