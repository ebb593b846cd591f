/** What goes over the control socket: one JSON document a line. */
export interface ControlRequest {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export type ControlResponse =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly text: string; readonly wrongUse: boolean } };

/** A refusal that is shown to the person as it is: exit status 2 for wrong use, else 1. */
export class CommandError extends Error {
  constructor(
    text: string,
    readonly kind: "failed" | "wrong-use" = "failed",
  ) {
    super(text);
    this.name = "CommandError";
  }
}

/** Longest line taken, octets: the largest mail that is brought along fits, in base64. */
export const MAX_CONTROL_LINE = 64 * 1024 * 1024;

/** One method of the control interface: the same whether called over the socket or within the process. */
export type ControlMethod = (params: Readonly<Record<string, unknown>>) => unknown | Promise<unknown>;
export type ControlMethods = Readonly<Record<string, ControlMethod>>;

export async function callMethod(methods: ControlMethods, request: ControlRequest): Promise<unknown> {
  const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (method === undefined) throw new CommandError(`the node does not know "${request.method}"`, "wrong-use");
  return await method(request.params);
}
