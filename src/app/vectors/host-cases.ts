import { toHex } from "../../bitmessage/protocol/bytes.js";
import {
  decodeHost,
  encodeHost,
  isPrivateHost,
  isPublicHost,
  networkGroup,
} from "../../bitmessage/protocol/host.js";
import { bytesOf, expectEqual, expectField, textOf, type VectorCase, VectorFailure } from "./case.js";

/** Where PyBitmessage is more trusting than we are: PROTOCOL.md section 3.3 filters more, and 7.3 makes larger groups of IPv6. */
const FILTERED_BY_US: ReadonlySet<string> = new Set(["169.254.1.1", "255.255.255.255", "::1"]);

export function runHost(vector: VectorCase): void {
  const host = textOf(vector, "host");
  expectEqual("raw", encodeHost(host), vector["raw"]);
  const decoded = decodeHost(bytesOf(vector, "raw"));
  expectField(vector, "text", decoded);
  expectEqual("raw of the decoded host", toHex(encodeHost(decoded)), vector["raw"]);
  if (FILTERED_BY_US.has(host)) {
    expectEqual("public", isPublicHost(host), false);
    return;
  }
  expectEqual("public", isPublicHost(host), vector["public"]);
  expectEqual("private", isPrivateHost(host), vector["private"]);
  expectGroup(networkGroup(host), textOf(vector, "network_group"), vector["network_type"]);
}

function expectGroup(group: string, expected: string, type: unknown): void {
  const fits = type === "IPv6" && expected !== "IPv6" ? expected.startsWith(group) : group === expected;
  if (!fits) throw new VectorFailure(`network group: ${group} instead of ${expected}`);
}
