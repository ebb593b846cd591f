/** What comes from peers, from pasted addresses and keys, and from proxies. */
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";
import { askProxy } from "../../../src/bitmessage/node/socks.js";
import { openAckPacket } from "../../../src/bitmessage/protocol/ack.js";
import { addressSecrets, decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { bytesToInteger, encodeBase58 } from "../../../src/bitmessage/protocol/base58.js";
import { broadcastTag, openBroadcast } from "../../../src/bitmessage/protocol/broadcast.js";
import { concatBytes, equalBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { decodeContent, encodeExtended, encodeSimple } from "../../../src/bitmessage/protocol/content.js";
import { createTrialDecryptor, decrypt, encrypt } from "../../../src/bitmessage/protocol/ecies.js";
import { openGetpubkey } from "../../../src/bitmessage/protocol/getpubkey.js";
import { doubleSha512, sha256 } from "../../../src/bitmessage/protocol/hash.js";
import { decodeHost, encodeHost, isPublicHost, networkGroup } from "../../../src/bitmessage/protocol/host.js";
import { identityKeys, keyPair } from "../../../src/bitmessage/protocol/keys.js";
import { decodeAddr, encodeAddr, isUsableAddrEntry } from "../../../src/bitmessage/protocol/messages/addr.js";
import { decodeError, encodeError } from "../../../src/bitmessage/protocol/messages/error.js";
import { decodeInv, encodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import {
  checkVersion,
  decodeVersion,
  displayUserAgent,
  encodeVersion,
} from "../../../src/bitmessage/protocol/messages/version.js";
import { buildMsg, openMsg, parseMsg } from "../../../src/bitmessage/protocol/msg.js";
import { parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { checkObject, isProcessable } from "../../../src/bitmessage/protocol/object-check.js";
import { buildOnionpeer, openOnionpeer } from "../../../src/bitmessage/protocol/onionpeer.js";
import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketReader,
} from "../../../src/bitmessage/protocol/packet.js";
import { openPubkey, type SendingIdentity } from "../../../src/bitmessage/protocol/pubkey.js";
import { checkSignature, compactSignature } from "../../../src/bitmessage/protocol/signature.js";
import { decodeVarint, encodeVarint } from "../../../src/bitmessage/protocol/varint.js";
import { decodeWif, encodeWif } from "../../../src/bitmessage/protocol/wif.js";
import { expectSame, type FuzzTarget, latin1, refusing, textOf } from "../target.js";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const protocol = <T>(call: () => T): T | null => refusing(["ProtocolError"], call);

/** The octets in the project's vectors: objects, packets, keys. */
function vectorOctets(file: string, least: number): Uint8Array[] {
  const found = readFileSync(`test/vectors/${file}.json`, "utf8").matchAll(/"((?:[0-9a-f]{2})+)"/g);
  return [...found]
    .map((match) => match[1]!)
    .filter((text) => text.length >= 2 * least && text.length < 20_000)
    .map(hex);
}

const identity: SendingIdentity = {
  version: 4,
  stream: 1,
  keys: identityKeys(sha256(latin1("signing")), sha256(latin1("encryption"))),
  behavior: 1,
  difficulty: { trialsPerByte: 1000n, extraBytes: 1000n },
};
const [own, secret] = [identity.keys.ripe, identity.keys.encryption.privateKey];
const ownAddress = decodeAddress(encodeAddress(4, 1, own));
const secrets = addressSecrets(ownAddress);

function sampleMsg(): Uint8Array {
  let count = 0;
  return buildMsg({
    sender: identity,
    recipient: { address: ownAddress, encryptionKey: identity.keys.encryption.publicKey },
    encoding: 2,
    content: encodeSimple({ subject: "hello", body: "world" }),
    ack: encodePacket("object", latin1("x".repeat(60))),
    expires: 1_700_000_000,
    random: (length) => {
      count += 1;
      return sha256(Uint8Array.of(count)).slice(0, length);
    },
  });
}

const context = {
  now: 1_700_000_000,
  streams: [1],
  minimum: { trialsPerByte: 1n, extraBytes: 1n },
  has: () => false,
};

function checkPacket({ command, payload }: Packet): void {
  if (command === "version") checkVersionPayload(payload);
  if (command === "object") checkObject(payload, context);
  if (command === "addr") protocol(() => decodeAddr(payload));
  if (command === "inv") protocol(() => decodeInv(payload));
  if (command === "error") protocol(() => decodeError(payload));
  if (command !== "" && payload.length < 65_536 && /^[a-z0-9]{1,11}$/.test(command))
    expectSame("packet", decodePacket(encodePacket(command, payload)).payload, payload);
}

function checkVersionPayload(payload: Uint8Array): void {
  const version = protocol(() => decodeVersion(payload));
  if (version === null) return;
  checkVersion(version, { now: 1_700_000_000, streams: [1], ownNonces: new Set() });
  if (!/^[\x20-\x7e]{0,200}$/.test(displayUserAgent(version.userAgent)))
    throw new Error("a user agent to show");
  if (version.streams.every((stream) => Number.isSafeInteger(stream)))
    expectSame("version", decodeVersion(encodeVersion(version)).userAgent, version.userAgent);
}

/** The first octet says how the stream is cut, and whether checksums and lengths are mended. */
function readPackets(input: Uint8Array): void {
  const octets = input.slice(1);
  if (((input[0] ?? 0) & 1) === 1) mendPackets(octets);
  const whole = new PacketReader();
  const parts = new PacketReader();
  const one = takePackets(whole, [octets]);
  const size = 1 + ((input[0] ?? 0) >> 1);
  const cut = Array.from({ length: Math.ceil(octets.length / size) }, (_, place) =>
    octets.slice(place * size, (place + 1) * size),
  );
  expectSame("packets, cut differently", takePackets(parts, cut), one);
}

function takePackets(reader: PacketReader, pieces: readonly Uint8Array[]): unknown[] {
  const found: unknown[] = [];
  for (const chunk of pieces) {
    reader.push(chunk);
    for (;;) {
      let error: string | null = null;
      let packet: Packet | null = null;
      try {
        packet = reader.next();
      } catch (thrown) {
        if ((thrown as Error).name !== "ProtocolError") throw thrown;
        error = (thrown as { code?: string }).code ?? "";
      }
      if (error !== null) return [...found, error];
      if (packet === null) break;
      checkPacket(packet);
      found.push([packet.command, packet.payload]);
    }
  }
  return found;
}

export function mendPackets(octets: Uint8Array): void {
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  for (let place = 0; place + 24 <= view.length; ) {
    view.writeUInt32BE(0xe9beb4d9, place);
    const length = Math.min(view.readUInt32BE(place + 16) & 0xfff, view.length - place - 24);
    view.writeUInt32BE(length, place + 16);
    const sum = createHash("sha512")
      .update(view.subarray(place + 24, place + 24 + length))
      .digest();
    sum.copy(view, place + 20, 0, 4);
    place += 24 + length;
  }
}

function openObject(object: Uint8Array): void {
  const header = protocol(() => parseObjectHeader(object));
  checkObject(object, context);
  if (header === null) return;
  isProcessable(object, header);
  protocol(() => openGetpubkey(object));
  protocol(() => openPubkey(object, null));
  protocol(() => openPubkey(object, ownAddress));
  protocol(() => broadcastTag(object));
  protocol(() => openBroadcast(object, { address: ownAddress, secrets }));
  const peer = protocol(() => openOnionpeer(object));
  if (peer) {
    isPublicHost(peer.host);
    networkGroup(peer.host);
    if (peer.host.endsWith(".onion"))
      expectSame(
        "onionpeer",
        protocol(() =>
          openOnionpeer(concatBytes(new Uint8Array(8), buildOnionpeer({ ...peer, stream: 1, expires: 1 }))),
        ),
        peer,
      );
  }
  protocol(() => openMsg(object, object.subarray(header.payloadOffset), own));
}

/** A plaintext that whoever knows the key can encrypt: as a msg, a pubkey and a broadcast. */
function openPlaintext(plaintext: Uint8Array): void {
  const parsed = protocol(() => parseMsg(plaintext));
  if (parsed) {
    protocol(() => openAckPacket(parsed.ack));
    protocol(() => decodeContent(parsed.encoding, parsed.content));
    protocol(() => compactSignature(parsed.signature));
  }
  const header = (type: number, version: number): Uint8Array =>
    concatBytes(
      new Uint8Array(12),
      Uint8Array.of(0x65, 0x53, 0xf1, 0),
      Uint8Array.of(0, 0, 0, type, version, 1),
    );
  protocol(() => openMsg(concatBytes(header(2, 1), plaintext), plaintext, parsed?.destinationRipe ?? own));
  if (plaintext.length > 400) return;
  const { publicKey } = keyPair(secrets.privateKey);
  const sealed = encrypt(plaintext, publicKey, (length) => new Uint8Array(length).fill(7));
  protocol(() =>
    openBroadcast(concatBytes(header(3, 5), secrets.tag!, sealed), { address: ownAddress, secrets }),
  );
  protocol(() => openPubkey(concatBytes(header(1, 4), secrets.tag!, sealed), ownAddress));
}

const trial = createTrialDecryptor([{ privateKey: secret }]);

function openEnvelope(input: Uint8Array): void {
  const plain = protocol(() => decrypt(input, secret));
  const tried = trial.tryDecrypt(input);
  expectSame("two ways to decrypt", tried?.plaintext ?? null, plain);
}

/** With the first octet odd the rest is decoded as it is, else compressed before. */
function readExtended(input: Uint8Array): void {
  const data = ((input[0] ?? 1) & 1) === 1 ? input.subarray(1) : deflateSync(input.subarray(1));
  const content = protocol(() => decodeContent(3, data, { maxInflated: 100_000 }));
  if (content?.kind !== "content") return;
  if (Object.getPrototypeOf(content.headers) !== Object.prototype) throw new Error("a prototype was changed");
  for (const [name, value] of Object.entries(content.headers))
    if (!/^[a-z][a-z0-9-]*$/.test(name) || /[\x00-\x1f\x7f]/.test(value))
      throw new Error("a line that may not be carried");
  if (/[\r\n]/.test(content.subject)) throw new Error("a subject of several lines");
  const { subject, body, files, parents, headers, original } = content;
  const again = encodeExtended({ subject, body, files, parents, headers, ...(original && { original }) });
  expectSame("extended", decodeContent(3, again), content);
}

function readSimple(input: Uint8Array): void {
  const content = decodeContent((input[0] ?? 0) % 3, input.subarray(1));
  protocol(() => decodeContent(input[0] ?? 2, input.subarray(1)));
  if (content.kind !== "content" || content.encoding !== 2) return;
  // What is no UTF-8 becomes longer, and may be too long to be sent on.
  const written = protocol(() => encodeSimple(content));
  const again = written && decodeContent(2, written);
  if (again?.kind === "content")
    expectSame("simple", [again.body, again.headers], [content.body, content.headers]);
}

/** Texts as they are; with the first octet even the octets behind it with the right checksum. */
function readNames(input: Uint8Array): void {
  const text = textOf(input);
  const data = input.subarray(1, 200);
  const summed = encodeBase58(bytesToInteger(concatBytes(data, doubleSha512(data).subarray(0, 4))));
  for (const name of [text, `BM-${summed}`, summed]) {
    const decoded = protocol(() => decodeAddress(name));
    if (decoded) expectSame("address", decodeAddress(decoded.address), decoded);
  }
  const keyed = encodeBase58(bytesToInteger(concatBytes(data, sha256(sha256(data)).subarray(0, 4))));
  for (const name of [text, keyed]) {
    const key = protocol(() => decodeWif(name));
    if (key) expectSame("WIF", decodeWif(encodeWif(key)), key);
  }
  protocol(() => encodeHost(text));
  isPublicHost(text);
  const host = protocol(() => decodeHost(input));
  if (host !== null) expectSame("host", decodeHost(encodeHost(host)), host);
}

function readNumber(input: Uint8Array): void {
  const read = protocol(() => decodeVarint(input));
  if (read === null) return;
  if (!equalBytes(encodeVarint(read.value), input.subarray(0, read.length)))
    throw new Error("another number");
}

function readSignature(input: Uint8Array): void {
  checkSignature(latin1("signed"), input, identity.keys.signing.publicKey);
  checkSignature(
    latin1("signed"),
    input.subarray(0, 71),
    concatBytes(Uint8Array.of(4), input.subarray(0, 64)),
  );
  protocol(() => compactSignature(input));
}

function readPayloads(input: Uint8Array): void {
  checkVersionPayload(input);
  const entries = protocol(() => decodeAddr(input));
  if (entries) {
    for (const entry of entries) isUsableAddrEntry(entry, { now: 1_700_000_000, streams: [1] });
    const kept = entries.filter(({ time }) => Number.isSafeInteger(time));
    expectSame("addr", decodeAddr(encodeAddr(kept)), kept);
  }
  const hashes = protocol(() => decodeInv(input));
  if (hashes) expectSame("inv", decodeInv(encodeInv(hashes)), hashes);
  const error = protocol(() => decodeError(input));
  if (error && Number.isSafeInteger(error.banTime) && Number.isSafeInteger(error.severity))
    protocol(() => decodeError(encodeError(error)));
}

/** A proxy that answers in pieces as long as the first octet says. */
function hearProxy(input: Uint8Array): void {
  for (const target of [null, { host: "example.onion", port: 8444 }]) {
    const socket = Object.assign(new EventEmitter(), {
      write: () => true,
      pause: () => {},
      unshift: () => {},
    });
    let answers = 0;
    askProxy(socket as never, { user: "u", password: "p" }, target, () => (answers += 1));
    const size = 1 + (input[0] ?? 0);
    for (let place = 1; place < input.length; place += size)
      socket.emit("data", input.subarray(place, place + size));
    if (answers > 1) throw new Error(`answered ${answers} times`);
  }
}

const objects = (): Uint8Array[] =>
  [
    "object_real",
    "object_msg",
    "object_pubkey",
    "object_broadcast",
    "object_getpubkey",
    "object_onionpeer",
  ].flatMap((file) => vectorOctets(file, 40));

export const protocolTargets: readonly FuzzTarget[] = [
  {
    name: "packets",
    seeds: vectorOctets("wire", 24).map((octets) => concatBytes(Uint8Array.of(1), octets)),
    longest: 8192,
    words: "version verack addr inv dinv getdata object ping pong error portcheck".split(" "),
    run: readPackets,
  },
  {
    name: "payloads",
    seeds: vectorOctets("wire", 3).flatMap((octets) => [octets, octets.slice(24)]),
    longest: 8192,
    run: readPayloads,
  },
  { name: "objects", seeds: [...objects(), concatBytes(new Uint8Array(8), sampleMsg())], run: openObject },
  {
    name: "plaintexts",
    seeds: [decrypt(sampleMsg().subarray(14), secret), ...vectorOctets("object_msg", 170)],
    run: openPlaintext,
  },
  { name: "envelopes", seeds: [sampleMsg().subarray(14), ...vectorOctets("ecies", 100)], run: openEnvelope },
  {
    name: "extended",
    seeds: vectorOctets("encoding_decode", 8).flatMap((octets) => [
      concatBytes(Uint8Array.of(1), octets),
      concatBytes(Uint8Array.of(0), inflated(octets)),
    ]),
    words: [
      "\xa0\xa7message",
      "\xa7subject",
      "\xa4body",
      "\xa5files",
      "\xa7parents",
      "\xa8original",
      "\xa4name",
      "\xa4data",
      "\xabdisposition",
      "\xa6inline",
      "\x81",
      "\xdf\xff\xff\xff\xff",
      "\xdd\xff\xff\xff\xff",
      "\xc6\xff\xff\xff\xff",
      "\x91".repeat(40),
    ],
    run: readExtended,
  },
  {
    name: "simple",
    seeds: [
      "\x02Subject:hello\nBody:world",
      "\x02Subject:a\r\nin-reply-to: <x>\nBody:b",
      "\x02\nBody:",
      "\x02Subject:\nBody:",
    ].map(latin1),
    words: ["Subject:", "\nBody:", "in-reply-to:"],
    run: readSimple,
  },
  {
    name: "names",
    seeds: [...vectorTexts("address"), ...vectorTexts("wif"), ...vectorTexts("hosts")],
    words: ["BM-", ".onion", "::", "0:0", "::ffff:", "%eth0"],
    longest: 1200,
    run: readNames,
  },
  { name: "varints", seeds: vectorOctets("varint", 1), longest: 32, run: readNumber },
  { name: "signatures", seeds: vectorOctets("ecdsa", 60), longest: 160, run: readSignature },
  {
    name: "socks",
    seeds: [
      "\x05\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00",
      "\x00\x05\x02\x01\x00\x05\x00\x00\x03\x04abcd\x00\x00",
      `\x01\x05\x00\x05\x00\x00\x04${"\0".repeat(18)}`,
    ].map(latin1),
    longest: 600,
    run: hearProxy,
  },
];

function vectorTexts(file: string): Uint8Array[] {
  const found = readFileSync(`test/vectors/${file}.json`, "utf8").matchAll(/"([^"\s]{5,100})"/g);
  return [...found].map((match) => latin1(match[1]!)).slice(0, 100);
}

function inflated(octets: Uint8Array): Uint8Array {
  try {
    return Uint8Array.from(inflateSync(octets));
  } catch {
    return octets;
  }
}
