/** From a call to its command: names, numbers of parameters, and errors as PyBitmessage tells them. */
import type { Logger } from "../../logger.js";
import { CHAN_COMMANDS } from "./chan-commands.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { ApiError, unexpected } from "./errors.js";
import { IDENTITY_COMMANDS } from "./identity-commands.js";
import { INBOX_COMMANDS } from "./inbox-commands.js";
import { NODE_COMMANDS } from "./node-commands.js";
import { OBJECT_COMMANDS } from "./object-commands.js";
import { Parameters } from "./parameters.js";
import { PEOPLE_COMMANDS } from "./people-commands.js";
import { SENT_COMMANDS } from "./sent-commands.js";
import type { RpcCall, RpcValue } from "./values.js";

export type Variant = "xml" | "json" | "legacy";

/** A fault of the server beside the commands, which the legacy variant tells as a fault, too. */
export class ServerFault extends Error {
  constructor(text: string) {
    super(text);
    this.name = "ServerFault";
  }
}

const COMMANDS: readonly ApiCommand[] = [
  ...IDENTITY_COMMANDS,
  ...CHAN_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...INBOX_COMMANDS,
  ...SENT_COMMANDS,
  ...OBJECT_COMMANDS,
  ...NODE_COMMANDS,
];

const INTROSPECTION = ["system.listMethods", "system.methodHelp", "system.methodSignature"];

export interface DispatcherOptions {
  readonly variant: Variant;
  /** Made for each call. @throws ApiError when it is not clear whose mail it is about */
  readonly context: () => ApiContext;
  readonly logger: Logger;
}

export class Dispatcher {
  readonly #commands = new Map<string, ApiCommand>();

  constructor(private readonly options: DispatcherOptions) {
    for (const command of COMMANDS) {
      const more = options.variant === "legacy" ? (command.legacyNames ?? []) : [];
      for (const name of [...command.names, ...more]) this.#commands.set(name, command);
    }
  }

  /** @throws ApiError, ServerFault */
  async call({ method, parameters }: RpcCall): Promise<RpcValue> {
    if (INTROSPECTION.includes(method)) return this.#introspect(method, parameters);
    const command = this.#commands.get(method);
    if (command === undefined) throw new ApiError(20, `Invalid method: ${method.slice(0, 200)}`);
    checkCount(method, command, parameters.length);
    try {
      return await command.run(new Parameters(method, parameters), this.options.context());
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (error instanceof Error && error.name === "AbortError") throw unexpected("the program stops");
      // What the person may know of it; the log has the rest.
      this.options.logger.error("an API command failed", { method, error });
      throw unexpected("the bridge met an error of its own; its log tells more");
    }
  }

  #introspect(method: string, [name]: readonly RpcValue[]): RpcValue {
    if (method === "system.listMethods") return [...this.#commands.keys(), ...INTROSPECTION].sort();
    if (method === "system.methodSignature") return "signatures not supported";
    const command = typeof name === "string" ? this.#commands.get(name) : undefined;
    if (command === undefined) throw new ServerFault(`<type 'exceptions.KeyError'>:${JSON.stringify(name)}`);
    const names = command.names.join(", ");
    return `Commands: *${names}*\n\nParameters: ${command.parameters.join(", ") || "none"}\n\n${command.help}`;
  }
}

/** @throws ApiError 0 */
function checkCount(method: string, { parameters }: ApiCommand, given: number): void {
  const most = parameters.length;
  const least = parameters.filter((name) => !name.endsWith("?")).length;
  const refuse = (bound: string) => {
    throw new ApiError(0, `Command ${method} takes ${bound} parameters (${given} given)`);
  };
  if (given > most) refuse(`at most ${most}`);
  if (given < least) refuse(`at least ${least}`);
}
