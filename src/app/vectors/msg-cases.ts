import { openAckPacket } from "../../bitmessage/protocol/ack.js";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import { type DecodedContent, decodeContent } from "../../bitmessage/protocol/content.js";
import { createTrialDecryptor } from "../../bitmessage/protocol/ecies.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { inventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { identityKeys } from "../../bitmessage/protocol/keys.js";
import { msgCiphertext, type OpenedMsg, openMsg, parseMsg } from "../../bitmessage/protocol/msg.js";
import { checkObject } from "../../bitmessage/protocol/object-check.js";
import { NETWORK_MINIMUM } from "../../bitmessage/protocol/pow-target.js";
import { encodeStoredPubkey } from "../../bitmessage/protocol/pubkey.js";
import { checkDemandedWork, checkSenderLists, isAckDue } from "../../bitmessage/protocol/receive-rules.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  numberOf,
  partOf,
  textOf,
  type VectorCase,
} from "./case.js";
import { objectOf, runCommon } from "./object-cases.js";
import { expectBlock, expectContent, expectSealed } from "./sealed-cases.js";

/** Circumstances that the files tell in words only. */
const CHAN_CASES: ReadonlySet<string> = new Set(["msg-chan-general"]);
const FRIEND_CASES: ReadonlySet<string> = new Set(["msg-demanded-work-friend"]);

interface Recipient {
  address: Address;
  version: number;
  ripe: Uint8Array;
  privateKey: Uint8Array;
  publicKey: Uint8Array;
  isChan: boolean;
}

function recipientOf(vector: VectorCase): Recipient | null {
  if (!has(vector, "recipient")) return null;
  const part = partOf(vector, "recipient");
  const keys = identityKeys(bytesOf(part, "privsigningkey"), bytesOf(part, "privencryptionkey"));
  const { address, version, ripe } = decodeAddress(textOf(part, "address"));
  expectEqual("recipient's ripe", keys.ripe, ripe);
  const { privateKey, publicKey } = keys.encryption;
  const isChan = CHAN_CASES.has(String(vector["id"]));
  return { address, version, ripe, privateKey, publicKey, isChan };
}

interface Received {
  message: OpenedMsg;
  plaintext: Uint8Array;
  content: DecodedContent;
  acknowledges: boolean;
}

/** The receiver of PROTOCOL.md section 17.4, in its order, from the parts that the messaging room uses. */
function receive(
  vector: VectorCase,
  object: Uint8Array,
  recipient: Recipient | null,
  seen: Set<string>,
): Received {
  const decryptor = createTrialDecryptor(recipient === null ? [] : [recipient]);
  const decrypted = decryptor.tryDecrypt(msgCiphertext(object));
  if (decrypted === null || recipient === null) throw new ProtocolError("no_key_decrypts");
  const { plaintext } = decrypted;
  const message = openMsg(object, plaintext, recipient.ripe);
  refuse(checkDemands(vector, object, recipient));
  refuse(checkLists(vector, message.sender));
  const content = decode(message);
  const signature = toHex(message.signatureHash);
  if (seen.has(signature)) throw new ProtocolError("duplicate_signature");
  seen.add(signature);
  return { message, plaintext, content, acknowledges: acknowledges(vector, message, recipient) };
}

function refuse(reason: ConstructorParameters<typeof ProtocolError>[0] | null): void {
  if (reason !== null) throw new ProtocolError(reason);
}

function checkDemands(vector: VectorCase, object: Uint8Array, recipient: Recipient) {
  if (!has(vector, "demand")) return null;
  const demand = partOf(vector, "demand");
  const difficulty = {
    trialsPerByte: BigInt(numberOf(demand, "nonce_trials_per_byte")),
    extraBytes: BigInt(numberOf(demand, "extra_bytes")),
  };
  return checkDemandedWork(object, {
    recipient: { ...recipient, difficulty },
    sender: FRIEND_CASES.has(String(vector["id"])) ? "known" : "unknown",
    minimum: NETWORK_MINIMUM,
    now: numberOf(vector, "now"),
  });
}

function checkLists(vector: VectorCase, sender: Address) {
  if (!has(vector, "list")) return null;
  const list = partOf(vector, "list");
  const mode = textOf(list, "mode") === "white" ? "white" : "black";
  return checkSenderLists(sender, { mode, listed: (address) => address === list["entry"] });
}

/** The msg cases have two words for what the decoding of contents tells apart. */
function decode(message: OpenedMsg): DecodedContent {
  try {
    return decodeContent(message.encoding, message.content);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code === "too_large_inflated") throw error;
    const isUnknown = error.code === "unknown_type" || error.code === "no_type";
    throw new ProtocolError(isUnknown ? "unknown_extended_type" : "malformed_extended");
  }
}

function acknowledges(vector: VectorCase, message: OpenedMsg, recipient: Recipient): boolean {
  const sendsAcks = vector["identity_setting"] !== "dontsendack";
  const { ack, encoding } = message;
  if (!isAckDue({ ack, encoding, recipient: { isChan: recipient.isChan, sendsAcks } })) return false;
  try {
    const now = numberOf(vector, "now");
    const context = { now, streams: [1], minimum: NETWORK_MINIMUM, has: () => false };
    return checkObject(openAckPacket(ack), context).verdict === "accept";
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

export function runMsg(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  const expected = partOf(vector, "expect");
  const recipient = recipientOf(vector);
  expectSealed(vector, recipient?.publicKey ?? null);
  const seen = new Set<string>();
  if (has(expected, "reason") && expected["deliver"] !== "once") {
    expectRefusal(refusalCode(vector, object, recipient, seen), expected);
    return;
  }
  const received = receive(vector, object, recipient, seen);
  expectReceived(vector, expected, received);
  expectField(expected, "to", recipient?.address);
  expectField(expected, "msgid", inventoryHash(object));
  if (!has(vector, "second_object")) return;
  const second = bytesOf(vector, "second_object");
  expectField(vector, "second_inventory_hash", inventoryHash(second));
  expectRefusal(refusalCode(vector, second, recipient, seen), expected);
}

function refusalCode(
  vector: VectorCase,
  object: Uint8Array,
  recipient: Recipient | null,
  seen: Set<string>,
): string | null {
  try {
    receive(vector, object, recipient, seen);
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

function expectReceived(vector: VectorCase, expected: VectorCase, received: Received): void {
  const { message, plaintext, content } = received;
  const delivers = content.kind !== "ignored";
  expectEqual("deliver", delivers, expected["deliver"] === "once" ? true : expected["deliver"]);
  expectContent(expected, content);
  expectField(expected, "from", message.sender);
  expectField(expected, "sends_ack", received.acknowledges);
  const { senderVersion, senderStream, senderBlock } = message;
  expectField(expected, "stored_pubkey", encodeStoredPubkey(senderVersion, senderStream, senderBlock));
  expectField(vector, "decrypted", plaintext);
  expectField(vector, "signature_hash", message.signatureHash);
  if (!has(vector, "fields")) return;
  const fields = partOf(vector, "fields");
  const plain = parseMsg(plaintext);
  expectBlock(fields, senderBlock, senderVersion);
  expectField(fields, "destination_ripe", plain.destinationRipe);
  expectField(fields, "encoding", plain.encoding);
  expectField(fields, "message", plain.content);
  expectField(fields, "ack", plain.ack);
  expectField(fields, "signature", plain.signature);
  expectField(fields, "signed_part_length", plain.signedLength);
  expectField(fields, "length", plaintext.length);
}
