/** Every control method: the same words for the command line, over the socket or without a node. */
import { z } from "zod";
import { CommandError, type ControlMethods } from "../control/messages.js";
import { addressMethods } from "./addresses.js";
import { appPasswordMethods } from "./app-passwords.js";
import { clientSettingsMethods } from "./client-settings.js";
import type { MethodsContext } from "./context.js";
import { deliveryMethods } from "./delivery.js";
import { exportMethods } from "./exporting.js";
import { identityMethods } from "./identities.js";
import { importMethods } from "./importing.js";
import { keysMethods } from "./keys.js";
import { method } from "./parameters.js";
import { queueMethods } from "./queue.js";
import { userMethods } from "./users.js";

export function createMethods(context: MethodsContext): ControlMethods {
  return {
    ...userMethods(context),
    ...appPasswordMethods(context),
    ...identityMethods(context),
    ...addressMethods(context),
    ...queueMethods(context),
    ...deliveryMethods(context),
    ...importMethods(context),
    ...keysMethods(context),
    ...clientSettingsMethods(context),
    ...exportMethods(context),
    backup: method({ file: z.string().startsWith("/", "write the whole path") }, ({ file }) =>
      context.backUp(file),
    ),
    status() {
      if (context.status === null) throw new CommandError("no node runs on this data directory");
      return context.status();
    },
  };
}
