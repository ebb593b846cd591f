import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ApiError } from "../../../src/app/api/errors.js";
import { jsonRpcError, jsonRpcResult, readJsonRpc } from "../../../src/app/api/json-rpc.js";
import { MalformedCall } from "../../../src/app/api/values.js";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("JSON-RPC", () => {
  test("calls of both versions, single and in batches", () => {
    const first = { jsonrpc: "2.0", method: "add", params: [1, 2], id: 7 };
    expect(readJsonRpc(bytes(first))).toEqual({
      form: "single",
      calls: [{ method: "add", parameters: [1, 2], id: 7, version: "2.0" }],
    });
    const batch = readJsonRpc(bytes([first, { method: "x", id: "a" }, { jsonrpc: "2.0", method: "n" }, 5]));
    expect(batch.form).toBe("batch");
    expect(batch.calls.slice(1)).toEqual([
      { method: "x", parameters: [], id: "a", version: "1.0" },
      { method: "n", parameters: [], id: undefined, version: "2.0" },
      expect.any(MalformedCall),
    ]);
  });

  test("answers have the form of the call's version", () => {
    const call = { method: "x", parameters: [], id: 1 };
    const error = new ApiError(20, "Invalid method: x");
    expect(jsonRpcResult({ ...call, version: "2.0" }, null)).toEqual({ jsonrpc: "2.0", result: null, id: 1 });
    expect(jsonRpcResult({ ...call, version: "1.0" }, 3)).toEqual({ result: 3, error: null, id: 1 });
    const told = {
      code: -32603,
      message: "Server error: APIError: API Error 0020: Invalid method: x",
      data: { code: 20, message: "Invalid method: x" },
    };
    expect(jsonRpcError({ ...call, version: "2.0" }, error)).toEqual({ jsonrpc: "2.0", error: told, id: 1 });
    expect(jsonRpcError({ ...call, version: "1.0" }, error)).toEqual({ result: null, error: told, id: 1 });
  });

  test("an id that is no name of a call is refused", () => {
    for (const id of [{}, [[[]]], true])
      expect(readJsonRpc(bytes({ method: "x", id })).calls).toEqual([expect.any(MalformedCall)]);
    const deep = `{"method":"x","params":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(() => readJsonRpc(new TextEncoder().encode(deep))).not.toThrow(RangeError);
  });

  test("empty and endless batches are refused", () => {
    expect(() => readJsonRpc(bytes([]))).toThrow(MalformedCall);
    expect(() => readJsonRpc(bytes(Array.from({ length: 101 }, () => ({}))))).toThrow(MalformedCall);
  });

  test("whatever the octets, only MalformedCall is thrown, and calls have what they need", () => {
    const hostile = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(hostile, (octets) => {
        try {
          for (const call of readJsonRpc(octets).calls)
            if (!(call instanceof MalformedCall)) expect(Array.isArray(call.parameters)).toBe(true);
        } catch (error) {
          expect((error as Error).name).toBe("MalformedCall");
        }
      }),
    );
  });
});
