/** What travels in calls and answers, whatever the codec. */

export type RpcValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly RpcValue[]
  | { readonly [name: string]: RpcValue };

export interface RpcCall {
  readonly method: string;
  readonly parameters: readonly RpcValue[];
}

/** A request that cannot be read; the text is for whoever wrote the client. */
export class MalformedCall extends Error {
  constructor(text: string) {
    super(text);
    this.name = "MalformedCall";
  }
}

/** Python's name of the value's type, as error texts name it. */
export function typeName(value: RpcValue | undefined): string {
  if (value === null || value === undefined) return "<type 'NoneType'>";
  if (typeof value === "boolean") return "<type 'bool'>";
  if (typeof value === "number") return Number.isInteger(value) ? "<type 'int'>" : "<type 'float'>";
  if (typeof value === "string") return "<type 'str'>";
  if (value instanceof Uint8Array) return "<type 'Binary'>";
  return Array.isArray(value) ? "<type 'list'>" : "<type 'dict'>";
}
