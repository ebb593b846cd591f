/**
 * TLS for the mail servers: an authority of our own that a person can import, and a leaf for loopback signed by it. Never one
 * certificate that is both (RFC 5280 section 4.2.1.9). Made once; the leaf is made anew a year before it ends, so that a node may run for that long,
 * and when the names change.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isIP, isIPv6 } from "node:net";
import { join } from "node:path";
import { writeDurably } from "./write-durably.js";

export interface ServerCertificate {
  /** PEM. The chain: the leaf, then the authority. */
  readonly certificate: string;
  readonly key: string;
  /** Where the authority is that clients import. */
  readonly authorityFile: string;
}

const DAY = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Apple's systems take up to 825 days from an authority that was imported. */
const LEAF_DAYS = 800;
/** An authority that ends outlasts the leaves that it still signs by less; then people import the next one. */
const AUTHORITY_RENEWAL_DAYS = LEAF_DAYS + 30;
const LEAF_RENEWAL_DAYS = 365;

/** @param names host names and IP addresses that the certificate is to be for, besides those of loopback */
export function loadServerCertificate(
  directory: string,
  names: readonly string[],
  now: Date,
): ServerCertificate {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = ["authority.pem", "authority.key", "server.pem", "server.key"].map((name) =>
    join(directory, name),
  );
  const [authorityFile = "", authorityKeyFile = "", leafFile = "", leafKeyFile = ""] = files;
  const present = readPair(authorityFile, authorityKeyFile);
  if (present === null || endsWithin(AUTHORITY_RENEWAL_DAYS, present, now))
    makeAuthority(authorityFile, authorityKeyFile, now);
  const authority = readFileSync(authorityFile, "utf8");
  const leaf = readPair(leafFile, leafKeyFile);
  if (leaf === null || !isFit(leaf, authority, names, now))
    makeLeaf({ authority, authorityKeyFile, leafFile, leafKeyFile, names, now });
  const certificate = `${readFileSync(leafFile, "utf8")}${authority}`;
  return { certificate, key: readFileSync(leafKeyFile, "utf8"), authorityFile };
}

/** Null when either is not there, or they are not one another's, as after an end in the middle of making them. */
function readPair(file: string, keyFile: string): X509Certificate | null {
  if (!existsSync(file) || !existsSync(keyFile)) return null;
  const [certificate, key] = [readFileSync(file), readFileSync(keyFile)];
  try {
    const read = new X509Certificate(certificate);
    return read.checkPrivateKey(createPrivateKey(key)) ? read : null;
  } catch {
    return null;
  }
}

function endsWithin(days: number, { validTo }: X509Certificate, now: Date): boolean {
  return Date.parse(validTo) < now.getTime() + days * DAY;
}

function isFit(leaf: X509Certificate, authority: string, names: readonly string[], now: Date): boolean {
  return (
    !endsWithin(LEAF_RENEWAL_DAYS, leaf, now) &&
    leaf.verify(new X509Certificate(authority).publicKey) &&
    names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined)
  );
}

function makeAuthority(file: string, keyFile: string, now: Date): void {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = `Bitmessage Bridge on this machine ${randomBytes(4).toString("hex")}`;
  const certificate = build({
    subject: name,
    issuer: name,
    publicKey,
    signer: privateKey,
    days: AUTHORITY_DAYS,
    now,
    // basicConstraints CA, path length 0; keyUsage keyCertSign, cRLSign
    extensions: [
      extension("551d13", "critical", sequence(Buffer.from("0101ff", "hex"), integer(Buffer.from([0])))),
      extension("551d0f", "critical", tlv(0x03, Buffer.from([1, 0x06]))),
    ],
  });
  writePrivate(keyFile, privateKey);
  writeDurably(file, certificate, 0o644);
}

interface LeafRequest {
  readonly authority: string;
  readonly authorityKeyFile: string;
  readonly leafFile: string;
  readonly leafKeyFile: string;
  readonly names: readonly string[];
  readonly now: Date;
}

function makeLeaf(request: LeafRequest): void {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = /CN=(.*)/.exec(new X509Certificate(request.authority).subject)?.[1] ?? "";
  const names = request.names.filter((name) => isIP(name) === 0).map((name) => tlv(0x82, Buffer.from(name)));
  const addresses = [...new Set(["127.0.0.1", "::1", ...request.names.filter((name) => isIP(name) !== 0)])];
  const certificate = build({
    subject: request.names[0] ?? "localhost",
    issuer,
    publicKey,
    signer: createPrivateKey(readFileSync(request.authorityKeyFile, "utf8")),
    days: LEAF_DAYS,
    now: request.now,
    // basicConstraints not CA; keyUsage digitalSignature; extKeyUsage serverAuth; subjectAltName
    extensions: [
      extension("551d13", "critical", sequence()),
      extension("551d0f", "critical", tlv(0x03, Buffer.from([7, 0x80]))),
      extension("551d25", "plain", sequence(oid("2b06010505070301"))),
      extension(
        "551d11",
        "plain",
        sequence(...names, ...addresses.map((address) => tlv(0x87, addressBytes(address)))),
      ),
    ],
  });
  writePrivate(request.leafKeyFile, privateKey);
  writeDurably(request.leafFile, certificate, 0o644);
}

/** 4 or 16 octets (RFC 5280 section 4.2.1.6). */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const plain = address.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function writePrivate(file: string, key: KeyObject): void {
  writeDurably(file, key.export({ type: "pkcs8", format: "pem" }) as string, 0o600);
}

interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly days: number;
  readonly now: Date;
  readonly extensions: readonly Buffer[];
}

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));

/** A version 3 certificate in PEM (RFC 5280 section 4.1). */
function build(request: CertificateRequest): string {
  const start = new Date(request.now.getTime() - DAY);
  const end = new Date(request.now.getTime() + request.days * DAY);
  const serial = randomBytes(16);
  serial[0] = (serial.readUInt8(0) & 0x7f) | 0x40;
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    commonName(request.issuer),
    sequence(time(start), time(end)),
    commonName(request.subject),
    request.publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...request.extensions)),
  );
  const signature = sign("sha256", body, request.signer);
  const der = sequence(body, ECDSA_SHA256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(name)))));
}

/** GeneralizedTime from 2050 on, UTCTime before (RFC 5280 section 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() >= 2050
    ? tlv(0x18, Buffer.from(digits))
    : tlv(0x17, Buffer.from(digits.slice(2)));
}

function extension(id: string, criticality: "critical" | "plain", value: Buffer): Buffer {
  const critical = criticality === "critical" ? [Buffer.from("0101ff", "hex")] : [];
  return sequence(oid(id), ...critical, tlv(0x04, value));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, "hex"));
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, value: Buffer): Buffer {
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length = Buffer.from(value.length.toString(16).replace(/^(.(..)*)$/, "0$1"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value]);
}
