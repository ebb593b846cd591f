/** PyBitmessage's keys.dat: identities with their private keys as an INI file (PROTOCOL.md section 22.1). */
import type { Identity } from "../../bitmessage/messaging/types.js";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { equalBytes } from "../../bitmessage/protocol/bytes.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { chanIdentity, identityKeys } from "../../bitmessage/protocol/keys.js";
import { decodeWif, encodeWif } from "../../bitmessage/protocol/wif.js";

export type ImportedIdentity = Omit<Identity, "user" | "created" | "pubkeyPending">;

export interface KeysDat {
  readonly identities: readonly ImportedIdentity[];
  readonly skipped: readonly { readonly address: string; readonly reason: string }[];
  /** Those of the identities that are pseudo mailing lists. */
  readonly lists: readonly { readonly address: Address; readonly name: string }[];
}

type Section = ReadonlyMap<string, string>;

/** Reads every identity whose keys hash to its address. Never throws for bad content: it is named in `skipped`. */
export function readKeysDat(text: string): KeysDat {
  const sections = readSections(text);
  const scale = demandScale(sections.get("bitmessagesettings"));
  const identities: ImportedIdentity[] = [];
  const skipped: { address: string; reason: string }[] = [];
  const lists: { address: Address; name: string }[] = [];
  for (const [name, section] of sections) {
    if (!name.startsWith("BM-")) continue;
    try {
      const identity = readIdentity(name, section, scale);
      identities.push(identity);
      const listName = section.get("mailinglistname") || identity.label || "list";
      if (isTrue(section.get("mailinglist")) && !identity.chan)
        lists.push({ address: identity.address, name: listName });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      skipped.push({ address: name, reason: error.message });
    }
  }
  return { identities, skipped, lists };
}

/** The section of one identity, as PyBitmessage would write it; `list`: its name as a pseudo mailing list. Holds the private keys. */
export function formatKeysDat(identity: Identity, list: string | null = null): string {
  const lines = [
    `[${identity.address}]`,
    `label = ${oneLine(identity.chan ? `[chan] ${identity.passphrase ?? identity.label}` : identity.label)}`,
    `enabled = ${identity.enabled}`,
    "decoy = false",
    ...(identity.chan ? ["chan = true"] : []),
    ...(list === null ? [] : ["mailinglist = true", `mailinglistname = ${oneLine(list)}`]),
    `noncetrialsperbyte = ${identity.difficulty.trialsPerByte}`,
    `payloadlengthextrabytes = ${identity.difficulty.extraBytes}`,
    `privsigningkey = ${encodeWif(identity.keys.signing.privateKey)}`,
    `privencryptionkey = ${encodeWif(identity.keys.encryption.privateKey)}`,
    ...(identity.sendsAcknowledgements ? [] : ["dontsendack = true"]),
    ...(identity.lastPubkeySent > 0 ? [`lastpubkeysendtime = ${identity.lastPubkeySent}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  let key = "";
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (/^\s*([;#]|$)/.test(line)) continue;
    const header = /^\[(.+?)\]$/.exec(line.trimEnd());
    const pair = /^([^\s:=][^:=]*)[:=](.*)$/.exec(line);
    if (header !== null) {
      current = new Map();
      sections.set(header[1] ?? "", current);
    } else if (/^\s/.test(line)) current?.set(key, `${current.get(key) ?? ""}\n${line.trim()}`);
    else if (pair !== null) {
      key = (pair[1] ?? "").trim().toLowerCase();
      current?.set(key, (pair[2] ?? "").trim().replace(/%%/g, "%"));
    }
  }
  return sections;
}

/** Files before settingsversion 10 wrote 320 and 14000 for difficulty 1. */
function demandScale(settings: Section | undefined): { trials: bigint; extra: bigint } {
  const version = Number(settings?.get("settingsversion") ?? 10);
  return version < 10 ? { trials: 320n, extra: 14_000n } : { trials: 1000n, extra: 1000n };
}

function readIdentity(
  name: string,
  section: Section,
  scale: { trials: bigint; extra: bigint },
): ImportedIdentity {
  const { address, version, stream, ripe } = decodeAddress(name);
  const keys = identityKeys(
    decodeWif(section.get("privsigningkey") ?? ""),
    decodeWif(section.get("privencryptionkey") ?? ""),
  );
  if (!equalBytes(keys.ripe, ripe))
    throw new ProtocolError("ripe_mismatch", "the keys do not belong to this address");
  const label = section.get("label") ?? "";
  const chan = isTrue(section.get("chan"));
  const passphrase = chan ? chanPassphrase(label, address) : null;
  return {
    address,
    version,
    stream,
    keys,
    label: asLabel(chan ? (passphrase ?? label) : label),
    enabled: section.get("enabled") === undefined || isTrue(section.get("enabled")),
    chan,
    passphrase,
    difficulty: {
      trialsPerByte: demand(section.get("noncetrialsperbyte"), scale.trials),
      extraBytes: demand(section.get("payloadlengthextrabytes"), scale.extra),
    },
    sendsAcknowledgements: !isTrue(section.get("dontsendack")),
    lastPubkeySent: wholeNumber(section.get("lastpubkeysendtime")),
  };
}

/** As labels are taken elsewhere: one line, not too long. */
function asLabel(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/\p{C}+/gu, " ")
    .trim()
    .slice(0, 200);
}

/** The file keeps only the label; it holds the passphrase unless it was renamed. */
function chanPassphrase(label: string, address: string): string | null {
  const passphrase = label.replace(/^\[chan\] /, "");
  return chanIdentity(passphrase).address === address ? passphrase : null;
}

function isTrue(text: string | undefined): boolean {
  return /^(true|1|yes|on)$/i.test(text ?? "");
}

function demand(text: string | undefined, one: bigint): bigint {
  const value = (BigInt(wholeNumber(text)) * 1000n) / one;
  return value < 1000n ? 1000n : value;
}

function wholeNumber(text: string | undefined): number {
  return /^\d{1,15}$/.test(text ?? "") ? Number(text) : 0;
}
