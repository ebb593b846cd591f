import {
  type Address,
  addressSecrets,
  type DecodedAddress,
  decodeAddress,
} from "../../bitmessage/protocol/address.js";
import { openSubscribedBroadcast } from "../../bitmessage/protocol/broadcast.js";
import { ByteWriter, concatBytes } from "../../bitmessage/protocol/bytes.js";
import { type DecodedContent, decodeContent } from "../../bitmessage/protocol/content.js";
import { encryptWith } from "../../bitmessage/protocol/ecies.js";
import { keyPair } from "../../bitmessage/protocol/keys.js";
import { parseObjectHeader } from "../../bitmessage/protocol/object.js";
import {
  encodePubkeyBlock,
  encodeStoredPubkey,
  openPubkey,
  type PubkeyBlock,
} from "../../bitmessage/protocol/pubkey.js";
import { signatureHash, verify } from "../../bitmessage/protocol/signature.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  listOf,
  numberOf,
  partOf,
  refusalOf,
  textOf,
  type VectorCase,
  VectorFailure,
} from "./case.js";
import { objectOf, runCommon } from "./object-cases.js";

/** The bytes of an object before its encrypted or plain payload that carries fields: the header, and the tag if there is one. */
function openPart(vector: VectorCase, object: Uint8Array): Uint8Array {
  const { payloadOffset } = parseObjectHeader(object);
  return object.subarray(8, payloadOffset + (has(vector, "tag") ? 32 : 0));
}

/** What was signed, what it is signed with, and that encrypting the plaintext again gives the object. */
export function expectSealed(vector: VectorCase, recipientKey: Uint8Array | null): void {
  const object = objectOf(vector);
  const open = openPart(vector, object);
  const body = has(vector, "decrypted") ? bytesOf(vector, "decrypted") : object.subarray(8 + open.length);
  if (has(vector, "signed_data") && has(vector, "fields")) {
    const fields = partOf(vector, "fields");
    const signed = concatBytes(open, body.subarray(0, numberOf(fields, "signed_part_length")));
    expectEqual("signed_data", signed, vector["signed_data"]);
    const key = has(fields, "pub_signing_key") ? "pub_signing_key" : "sender_pub_signing_key";
    const signature = bytesOf(fields, "signature");
    // notbit signs the wrong bytes in version 3 pubkeys; the case keeps them.
    const isSigned = verify(signed, signature, bytesOf(fields, key));
    const isRefused = has(vector, "expect") && partOf(vector, "expect")["reason"] === "bad_signature";
    expectEqual("signature fits", isSigned, !isRefused);
    expectField(vector, "signature_hash", signatureHash(signature));
  }
  // Some programs leave leading zeros of the ephemeral key off; we only read that.
  const isShort = String(vector["id"]).includes("-short-");
  if (!has(vector, "ephemeral_private_key") || recipientKey === null || isShort) return;
  const ephemeral = keyPair(bytesOf(vector, "ephemeral_private_key"));
  const encrypted = encryptWith(body, recipientKey, { iv: bytesOf(vector, "iv"), ephemeral });
  expectEqual("encrypted again", encrypted, object.subarray(8 + open.length));
}

/** The pubkey block, field by field and as bytes. */
export function expectBlock(fields: VectorCase, block: PubkeyBlock, version: number): void {
  const prefix = has(fields, "pub_signing_key") ? "" : "sender_";
  expectField(fields, "behavior", new ByteWriter().u32(block.behavior).finish());
  expectField(fields, `${prefix}pub_signing_key`, block.signingKey);
  expectField(fields, `${prefix}pub_encryption_key`, block.encryptionKey);
  expectField(fields, "nonce_trials_per_byte", block.difficulty.trialsPerByte);
  expectField(fields, "extra_bytes", block.difficulty.extraBytes);
  expectEqual("length of the block", encodePubkeyBlock(block, version).length >= 132, true);
}

/** Subject and body, for what is delivered. */
export function expectContent(expected: VectorCase, content: DecodedContent): void {
  if (content.kind === "placeholder") expectEqual("placeholder", true, expected["placeholder"]);
  if (content.kind !== "content") return;
  expectField(expected, "subject", content.subject);
  expectField(expected, "body", content.body);
  expectField(expected, "encoding", content.encoding);
}

export function runPubkey(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  const expected = partOf(vector, "expect");
  const wanted = wantedAddress(vector, expected);
  expectSealed(vector, wanted && keyPair(addressSecrets(wanted).privateKey).publicKey);
  if (expected["usable"] !== true) {
    const reason = refusalOf(() => openPubkey(object, wanted));
    // Nobody can open a version 4 key without its address, so for the receiver its owner is not awaited.
    const word =
      expected["reason"] === "owner_unknown" && reason === "not_awaited" ? "owner_unknown" : reason;
    expectRefusal(word, expected);
    return;
  }
  const opened = openPubkey(object, wanted);
  if (has(vector, "fields")) expectBlock(partOf(vector, "fields"), opened.block, opened.version);
  expectField(vector, "tag", opened.tag);
  expectField(vector, "address", opened.address);
  if (has(vector, "owner")) expectEqual("owner", opened.address, partOf(vector, "owner")["address"]);
  const stored = encodeStoredPubkey(opened.version, opened.stream, opened.block);
  expectField(expected, "stored_pubkey", stored);
}

/** Whose key is waited for: what the case says, else the owner, unless the case is that nobody waits. */
function wantedAddress(vector: VectorCase, expected: VectorCase): DecodedAddress | null {
  if (has(vector, "wanted")) return decodeAddress(textOf(vector, "wanted"));
  if (expected["reason"] === "not_awaited") return null;
  if (parseObjectHeader(objectOf(vector)).version < 4) return null;
  if (has(vector, "owner")) return decodeAddress(textOf(partOf(vector, "owner"), "address"));
  return has(vector, "address") ? decodeAddress(textOf(vector, "address")) : null;
}

function subscribedAddresses(vector: VectorCase): string[] {
  if (has(vector, "subscriptions")) return listOf(vector, "subscriptions").map(String);
  if (has(vector, "sender")) return [textOf(partOf(vector, "sender"), "address")];
  return has(vector, "address") ? [textOf(vector, "address")] : [];
}

/** What a subscriber sees of a broadcast; null for one that only carries the key. */
function receiveBroadcast(vector: VectorCase, object: Uint8Array) {
  const subscriptions = subscribedAddresses(vector).map((text) => {
    const address = decodeAddress(text);
    return { address, secrets: addressSecrets(address) };
  });
  const { broadcast } = openSubscribedBroadcast(object, subscriptions);
  return { broadcast, content: decodeContent(broadcast.encoding, broadcast.content) };
}

export function runBroadcast(vector: VectorCase): void {
  runCommon(vector);
  const object = objectOf(vector);
  const expected = partOf(vector, "expect");
  const key = has(vector, "decryption_private_key") ? bytesOf(vector, "decryption_private_key") : null;
  expectSealed(vector, key && keyPair(key).publicKey);
  if (has(expected, "reason")) {
    expectRefusal(
      refusalOf(() => receiveBroadcast(vector, object)),
      expected,
    );
    return;
  }
  const { broadcast, content } = receiveBroadcast(vector, object);
  expectEqual("deliver", content.kind !== "ignored", expected["deliver"]);
  expectContent(expected, content);
  expectField(expected, "from", broadcast.sender satisfies Address);
  const { senderVersion, senderStream, senderBlock } = broadcast;
  expectField(expected, "stored_pubkey", encodeStoredPubkey(senderVersion, senderStream, senderBlock));
  expectField(vector, "signature_hash", broadcast.signatureHash);
  if (!has(vector, "fields")) return;
  const fields = partOf(vector, "fields");
  expectBlock(fields, senderBlock, senderVersion);
  expectField(fields, "message", broadcast.content);
  if (content.kind === "placeholder") throw new VectorFailure("unknown encoding");
}
