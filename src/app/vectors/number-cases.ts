import { decodeBase58, encodeBase58 } from "../../bitmessage/protocol/base58.js";
import { doubleSha512, ripemd160, sha512 } from "../../bitmessage/protocol/hash.js";
import { inventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { decodeVarint, encodeVarint } from "../../bitmessage/protocol/varint.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  integerOf,
  refusalOf,
  textOf,
  type VectorCase,
} from "./case.js";

export function runVarint(vector: VectorCase): void {
  const writes = vector["op"] !== "decode";
  const reads = vector["op"] !== "encode";
  if (vector["valid"] !== true) {
    const action = reads
      ? () => decodeVarint(bytesOf(vector, "hex"))
      : () => encodeVarint(integerOf(vector, "value"));
    expectRefusal(refusalOf(action), vector);
    return;
  }
  if (writes) expectEqual("hex", encodeVarint(integerOf(vector, "value")), vector["hex"]);
  if (!reads) return;
  const { value, length } = decodeVarint(bytesOf(vector, "hex"));
  expectEqual("value", value, integerOf(vector, "value"));
  expectField(vector, "length", length);
}

export function runBase58(vector: VectorCase): void {
  const text = textOf(vector, "base58");
  if (vector["valid"] !== true) {
    expectRefusal(
      refusalOf(() => decodeBase58(text)),
      vector,
    );
    return;
  }
  const integer = integerOf(vector, "integer");
  expectEqual("base58", encodeBase58(integer), text);
  expectEqual("integer", decodeBase58(text), integer);
}

export function runHashes(vector: VectorCase): void {
  const data = bytesOf(vector, "data");
  expectEqual("sha512", sha512(data), vector["sha512"]);
  expectEqual("double_sha512", doubleSha512(data), vector["double_sha512"]);
  expectEqual("inventory_hash", inventoryHash(data), vector["inventory_hash"]);
  expectEqual("message_checksum", sha512(data).subarray(0, 4), vector["message_checksum"]);
  expectEqual("ripemd160_of_sha512", ripemd160(sha512(data)), vector["ripemd160_of_sha512"]);
}
