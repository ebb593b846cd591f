import { toHex } from "../../bitmessage/protocol/bytes.js";
import {
  type Content,
  decodeContent,
  encodeExtended,
  encodeSimple,
  encodeTrivial,
} from "../../bitmessage/protocol/content.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { sha256 } from "../../bitmessage/protocol/hash.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  listOf,
  numberOf,
  partOf,
  textOf,
  type VectorCase,
  VectorFailure,
} from "./case.js";

/** What `decodeContent` gives, with the refusals of encodings 0 and above 3 as the words of the vectors. */
function decode(encoding: number, data: Uint8Array): Content | { reason: string } {
  try {
    const decoded = decodeContent(encoding, data);
    if (decoded.kind === "content") return decoded;
    return { reason: decoded.kind === "ignored" ? "encoding_0" : "unknown_encoding" };
  } catch (error) {
    if (error instanceof ProtocolError) return { reason: error.code };
    throw error;
  }
}

export function runDecode(vector: VectorCase): void {
  const expected = partOf(vector, "expect");
  const decoded = decode(numberOf(vector, "encoding"), bytesOf(vector, "data"));
  if ("reason" in decoded) {
    if (expected["either"] === true) return;
    if (expected["ok"] === true) throw new VectorFailure(`refused as ${decoded.reason}`);
    expectRefusal(decoded.reason, expected);
    return;
  }
  if (expected["ok"] !== true) throw new VectorFailure("accepted instead of refused");
  expectField(expected, "subject", decoded.subject);
  expectField(expected, "body", decoded.body);
  if (has(expected, "body_length")) {
    expectEqual("body length", [...decoded.body].length, expected["body_length"]);
    expectEqual("body hash", sha256(new TextEncoder().encode(decoded.body)), expected["body_sha256"]);
    const start = has(expected, "body_start") ? textOf(expected, "body_start") : "";
    expectEqual("body start", decoded.body.startsWith(start), true);
  }
  expectField(expected, "parents", decoded.parents.map(toHex));
  if (has(expected, "files")) expectFiles(listOf(expected, "files"), decoded);
}

function expectFiles(expected: VectorCase[], { files }: Content): void {
  expectEqual("number of files", files.length, expected.length);
  files.forEach((file, index) => {
    const wanted = expected[index]!;
    expectField(wanted, "name", file.name);
    expectField(wanted, "data", file.data);
    expectField(wanted, "type", file.type);
    expectField(wanted, "disposition", file.disposition);
  });
}

function bodyOf(vector: VectorCase): string {
  if (!has(vector, "body_repeat")) return textOf(vector, "body");
  const { char, count } = partOf(vector, "body_repeat");
  return String(char).repeat(Number(count));
}

export function runEncode(vector: VectorCase): void {
  const subject = textOf(vector, "subject");
  const body = bodyOf(vector);
  switch (vector["encoding"]) {
    case 1:
      expectBytes(encodeTrivial({ body }), vector);
      return;
    case 2:
      expectBytes(encodeSimple({ subject, body }), vector);
      return;
    default: {
      const { kind, ...own } = decodeContent(3, encodeExtended({ subject, body }));
      const { kind: expectedKind, ...expected } = decodeContent(3, bytesOf(vector, "data"));
      expectEqual("kind", kind, expectedKind);
      expectEqual("content read back", own, expected);
      expectEqual("body", "body" in own ? own.body : null, body);
    }
  }
}

function expectBytes(data: Uint8Array, vector: VectorCase): void {
  expectField(vector, "data", data);
  expectField(vector, "data_length", data.length);
  expectField(vector, "data_sha256", sha256(data));
}
