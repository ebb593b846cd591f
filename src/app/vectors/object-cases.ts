import { ackDataOf, buildAck, encodeAckPacket, openAckPacket } from "../../bitmessage/protocol/ack.js";
import { decodeAddress } from "../../bitmessage/protocol/address.js";
import { ByteReader, ByteWriter, concatBytes, fromHex } from "../../bitmessage/protocol/bytes.js";
import { buildGetpubkey, openGetpubkey } from "../../bitmessage/protocol/getpubkey.js";
import { isPublicHost } from "../../bitmessage/protocol/host.js";
import { inventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { encodeObjectHeader, parseObjectHeader } from "../../bitmessage/protocol/object.js";
import { checkObject, isProcessable } from "../../bitmessage/protocol/object-check.js";
import { buildOnionpeer, onionpeerTag, openOnionpeer } from "../../bitmessage/protocol/onionpeer.js";
import { initialHash, NETWORK_MINIMUM, powTarget, powValue } from "../../bitmessage/protocol/pow-target.js";
import { checkGetpubkeyRequest, type RequestedIdentity } from "../../bitmessage/protocol/receive-rules.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  numberOf,
  partOf,
  refusalOf,
  textOf,
  type VectorCase,
  VectorFailure,
} from "./case.js";

/** The whole object of a case. */
export function objectOf(vector: VectorCase): Uint8Array {
  if (!has(vector, "object_recipe")) return bytesOf(vector, "object");
  const recipe = partOf(vector, "object_recipe");
  const [fill = 0] = fromHex(textOf(recipe, "fill_byte"));
  const filling = new Uint8Array(numberOf(recipe, "fill_count")).fill(fill);
  return concatBytes(bytesOf(recipe, "nonce"), bytesOf(recipe, "header"), filling);
}

/** What holds for objects of every kind: header, vector, work, and whether it is relayed. Says whether it is. */
export function runCommon(vector: VectorCase): "relayed" | "refused" {
  const object = objectOf(vector);
  const expected = has(vector, "expect") ? partOf(vector, "expect") : {};
  expectField(vector, "length", object.length);
  expectField(vector, "inventory_hash", inventoryHash(object));
  if (has(vector, "header")) expectHeader(partOf(vector, "header"), object);
  if (has(vector, "pow") && has(partOf(vector, "pow"), "value")) expectWork(vector, object);
  if (!has(expected, "relay")) return "relayed";
  const verdict = checkObject(object, {
    now: numberOf(vector, "now"),
    streams: [1],
    minimum: NETWORK_MINIMUM,
    has: () => expected["reason"] === "duplicate",
  });
  if (expected["relay"] === true) {
    if (verdict.verdict !== "accept") throw new VectorFailure(`not relayed: ${verdict.reason}`);
    return "relayed";
  }
  expectRefusal(verdict.verdict === "accept" ? null : verdict.reason, expected);
  return "refused";
}

function expectHeader(expected: VectorCase, object: Uint8Array): void {
  const header = parseObjectHeader(object);
  expectEqual("nonce", new ByteWriter().u64(header.nonce).finish(), expected["nonce"]);
  expectEqual("expires", header.expires, expected["expires"]);
  expectEqual("type", header.type, expected["type"]);
  expectEqual("version", header.version, expected["version"]);
  expectEqual("stream", header.stream, expected["stream"]);
  expectEqual("header_length", header.payloadOffset, expected["header_length"]);
  if (!Number.isSafeInteger(header.version + header.stream + header.expires)) return;
  expectEqual("header encoded", encodeObjectHeader(header), object.subarray(8, header.payloadOffset));
}

function expectWork(vector: VectorCase, object: Uint8Array): void {
  const pow = partOf(vector, "pow");
  const value = powValue(object.subarray(0, 8), initialHash(object.subarray(8)));
  expectEqual("pow value", value, pow["value"]);
  // Read by hand: some cases end in the middle of the header.
  const ttl = new ByteReader(object, 8).u64() - BigInt(numberOf(vector, "now"));
  const work = { length: object.length, ttl, difficulty: NETWORK_MINIMUM };
  expectField(pow, "target", powTarget(work));
  if (!has(pow, "target_demanded_by_recipient")) return;
  const recipient = partOf(vector, "recipient");
  const difficulty = {
    trialsPerByte: BigInt(numberOf(recipient, "nonce_trials_per_byte")),
    extraBytes: BigInt(numberOf(recipient, "extra_bytes")),
  };
  expectEqual("demanded target", powTarget({ ...work, difficulty }), pow["target_demanded_by_recipient"]);
}

export function runGeneric(vector: VectorCase): void {
  if (runCommon(vector) === "refused") return;
  const object = objectOf(vector);
  const isProcessed = isProcessable(object, parseObjectHeader(object));
  expectField(partOf(vector, "expect"), "process", isProcessed);
}

export function runAck(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  const ackData = bytesOf(vector, "ack_data");
  expectEqual("ack_data", ackDataOf(object), ackData);
  const { expires } = parseObjectHeader(object);
  expectEqual("object without nonce", buildAck(ackData, expires), object.subarray(8));
  if (!has(vector, "ack_packet")) return;
  expectEqual("ack_packet", encodeAckPacket(object), vector["ack_packet"]);
  expectEqual("object in the packet", openAckPacket(bytesOf(vector, "ack_packet")), object);
}

/** Cases whose identity is a chan; the files say it in the name only. */
const CHAN_CASES: ReadonlySet<string> = new Set(["getpubkey-for-a-chan"]);

function requestedIdentities(vector: VectorCase): RequestedIdentity[] {
  const key = has(vector, "identity") ? "identity" : "owner";
  if (!has(vector, key)) return [];
  const { version, stream, ripe } = decodeAddress(textOf(partOf(vector, key), "address"));
  const isChan = CHAN_CASES.has(String(vector["id"]));
  const sent = has(vector, "last_pubkey_send_time") ? numberOf(vector, "last_pubkey_send_time") : null;
  return [{ version, stream, ripe, isChan, lastPubkeySent: sent }];
}

export function runGetpubkey(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  if (has(vector, "requested")) expectRequested(vector, object);
  if (!has(vector, "expect")) return;
  const expected = partOf(vector, "expect");
  let refusal = refusalOf(() => openGetpubkey(object));
  if (refusal === null) {
    const identities = requestedIdentities(vector);
    const answer = checkGetpubkeyRequest(openGetpubkey(object), identities, numberOf(vector, "now"));
    refusal = "refuse" in answer ? answer.refuse : null;
  }
  if (expected["answer"] === true) expectEqual("refusal", refusal, null);
  else expectRefusal(refusal, expected);
}

function expectRequested(vector: VectorCase, object: Uint8Array): void {
  const request = openGetpubkey(object);
  if (typeof vector["requested"] === "string") {
    expectEqual("requested", "tag" in request ? request.tag : request.ripe, vector["requested"]);
    return;
  }
  const expected = partOf(vector, "requested");
  expectField(expected, "version", request.version);
  expectField(expected, "stream", request.stream);
  if ("tag" in request) expectField(expected, "tag", request.tag);
  else expectField(expected, "ripe", request.ripe);
  if (!has(expected, "address")) return;
  const { expires } = parseObjectHeader(object);
  const address = decodeAddress(textOf(expected, "address"));
  expectEqual("object without nonce", buildGetpubkey({ address, expires }), object.subarray(8));
}

export function runOnionpeer(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  const expected = partOf(vector, "expect");
  const isAdded = refusalOf(() => openOnionpeer(object)) === null && isPublicHost(openOnionpeer(object).host);
  expectEqual("adds_peer", isAdded, expected["adds_peer"]);
  if (!has(vector, "peer")) return;
  const peer = partOf(vector, "peer");
  const opened = openOnionpeer(object);
  expectEqual("host", opened.host, peer["host"]);
  expectEqual("port", opened.port, peer["port"]);
  expectField(vector, "tag", onionpeerTag(opened.host, opened.port));
  const { expires, stream } = parseObjectHeader(object);
  expectEqual("object without nonce", buildOnionpeer({ ...opened, stream, expires }), object.subarray(8));
}
