import type { Publisher } from "../../bitmessage/messaging/ports.js";
import type { BitmessageNode } from "../../bitmessage/node/node.js";
import type { Solver } from "../../bitmessage/pow/solver.js";
import type { Stores } from "../../store/stores.js";
import type { Config } from "../config/config.js";
import type { Services } from "../services.js";
import type { Parameters } from "./parameters.js";
import type { ProcessedObjects } from "./processed-objects.js";
import type { ReceivedMail } from "./received-mail.js";
import type { SentMail } from "./sent-mail.js";
import type { RpcValue } from "./values.js";

/** What the commands work on. */
export interface ApiSources {
  readonly config: Config;
  readonly services: Services;
  readonly stores: Stores;
  readonly node: Pick<BitmessageNode, "peers" | "statistics">;
  readonly solver: Solver;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Ends the program, soon. */
  readonly shutDown: () => void;
}

export interface ApiContext extends ApiSources {
  /** Whose identities and mail it is about. */
  readonly user: string;
  readonly received: ReceivedMail;
  readonly sent: SentMail;
  readonly processed: ProcessedObjects;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

export interface ApiCommand {
  /** With its aliases. */
  readonly names: readonly string[];
  /** More of them in the legacy variant. */
  readonly legacyNames?: readonly string[];
  /** In their order; optional ones end with a question mark. */
  readonly parameters: readonly string[];
  readonly help: string;
  run(parameters: Parameters, context: ApiContext): RpcValue | Promise<RpcValue>;
}
