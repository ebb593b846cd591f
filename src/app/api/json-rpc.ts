/** JSON-RPC 2.0 and 1.0 (jsonrpc.org/specification), as Python's jsonrpclib speaks it; batches too. */
import { type ApiError, errorText } from "./errors.js";
import { MalformedCall, type RpcCall, type RpcValue } from "./values.js";

export interface JsonRpcCall extends RpcCall {
  /** Undefined for a notification, which gets no answer. */
  readonly id: string | number | null | undefined;
  readonly version: "1.0" | "2.0";
}

export interface JsonRpcRequest {
  /** What stands in the place of a call that is none. */
  readonly calls: readonly (JsonRpcCall | MalformedCall)[];
  readonly form: "single" | "batch";
}

const LARGEST_BATCH = 100;

/** @throws MalformedCall for what is no JSON or no request */
export function readJsonRpc(bytes: Uint8Array): JsonRpcRequest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new MalformedCall("this is no JSON");
  }
  if (!Array.isArray(document)) return { calls: [readCall(document)], form: "single" };
  if (document.length === 0 || document.length > LARGEST_BATCH)
    throw new MalformedCall(`a batch has 1 to ${LARGEST_BATCH} calls`);
  return { calls: document.map(readCall), form: "batch" };
}

function readCall(value: unknown): JsonRpcCall | MalformedCall {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new MalformedCall("a call is an object");
  const { jsonrpc, method, params = [], id } = value as Record<string, unknown>;
  if (typeof method !== "string") return new MalformedCall("method is a text");
  if (!Array.isArray(params)) return new MalformedCall("params is a list: parameters have no names here");
  if (!isId(id)) return new MalformedCall("id is a text, a number or null");
  const version = jsonrpc === undefined ? "1.0" : "2.0";
  // 1.0 has null for a notification; many clients send it and wait for an answer.
  return { method, parameters: params as RpcValue[], id, version };
}

function isId(id: unknown): id is JsonRpcCall["id"] {
  return id === undefined || id === null || typeof id === "string" || typeof id === "number";
}

export function jsonRpcResult({ id = null, version }: JsonRpcCall, result: RpcValue): RpcValue {
  return version === "2.0" ? { jsonrpc: "2.0", result, id } : { result, error: null, id };
}

/** The code is jsonrpclib's for whatever a command raises; PyBitmessage's own is in the message and, for itself, in `data`. */
export function jsonRpcError({ id = null, version }: JsonRpcCall, error: ApiError): RpcValue {
  const told = {
    code: -32603,
    message: `Server error: APIError: ${errorText(error)}`,
    data: { code: error.code, message: error.message },
  };
  return version === "2.0" ? { jsonrpc: "2.0", error: told, id } : { result: null, error: told, id };
}

/** -32700 for what is no JSON, -32600 for what is no call. */
export function jsonRpcMalformed(code: -32700 | -32600, text: string): RpcValue {
  return { jsonrpc: "2.0", error: { code, message: text }, id: null };
}
