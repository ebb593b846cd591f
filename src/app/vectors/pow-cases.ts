import { ByteWriter } from "../../bitmessage/protocol/bytes.js";
import { parseObjectHeader } from "../../bitmessage/protocol/object.js";
import {
  atLeast,
  initialHash,
  isWorkSufficient,
  powTarget,
  powValue,
} from "../../bitmessage/protocol/pow-target.js";
import { bytesOf, expectEqual, integerOf, numberOf, type VectorCase } from "./case.js";

export function runTarget(vector: VectorCase): void {
  const difficulty = {
    trialsPerByte: integerOf(vector, "nonce_trials_per_byte"),
    extraBytes: integerOf(vector, "extra_bytes"),
  };
  const target = powTarget({ length: numberOf(vector, "length"), ttl: integerOf(vector, "ttl"), difficulty });
  expectEqual("target", target, vector["target"]);
}

export function runCheck(vector: VectorCase): void {
  const nonce = new ByteWriter().u64(integerOf(vector, "nonce")).finish();
  const value = powValue(nonce, bytesOf(vector, "initial_hash"));
  expectEqual("value", value, vector["value"]);
  if (vector["op"] === "search") {
    expectEqual("sufficient", value <= integerOf(vector, "target"), vector["sufficient"]);
    return;
  }
  const object = bytesOf(vector, "object");
  const now = numberOf(vector, "now");
  const networkMinimum = integerOf(vector, "network_minimum");
  const minimum = { trialsPerByte: networkMinimum, extraBytes: networkMinimum };
  const difficulty = {
    trialsPerByte: integerOf(vector, "nonce_trials_per_byte"),
    extraBytes: integerOf(vector, "extra_bytes"),
  };
  expectEqual("initial hash", initialHash(object.subarray(8)), vector["initial_hash"]);
  expectEqual("expires", parseObjectHeader(object).expires, vector["expires"]);
  const ttl = numberOf(vector, "ttl");
  const target = powTarget({ length: object.length, ttl, difficulty: atLeast(difficulty, minimum) });
  expectEqual("target", target, vector["target"]);
  expectEqual("sufficient", isWorkSufficient(object, { now, difficulty, minimum }), vector["sufficient"]);
}
