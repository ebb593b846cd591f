import { ByteReader, concatBytes } from "../protocol/bytes.js";
import { isPrivateHost, isPublicHost } from "../protocol/host.js";
import { type AddrEntry, decodeAddr, encodeAddr, PEER_ALIVE, splitAddr } from "../protocol/messages/addr.js";
import { Services } from "../protocol/messages/version.js";
import { openOnionpeer } from "../protocol/onionpeer.js";
import { encodeVarint } from "../protocol/varint.js";
import type { KnownNodes } from "./known-nodes.js";

/** Nodes that a new peer is told of (PROTOCOL.md section 7.1). */
const MAX_TOLD = 500;
const ENTRY_LENGTH = 38;
/** Seconds to whose multiples the times are rounded down that others are told: the exact ones show whom we are connected to, and since when. */
const TIME_STEP = 1800;

export interface AddressPolicy {
  /** Of which nodes are learned and told; none: nobody is. */
  readonly streams: readonly number[];
  readonly allowPrivatePeers: boolean;
}

/** Whether a node of that address may be known at all (section 3.3). */
export function isAllowedHost(host: string, policy: AddressPolicy): boolean {
  return isPublicHost(host) || (policy.allowPrivatePeers && isPrivateHost(host));
}

/**
 * The entries of an addr packet. MiNode declares more than it sends at times; those that are there are taken.
 * @throws ProtocolError as `decodeAddr`
 */
export function readAddresses(payload: Uint8Array): AddrEntry[] {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  const declared = reader.varint();
  const entries = reader.rest();
  const present = Math.floor(entries.length / ENTRY_LENGTH);
  if (declared <= BigInt(present)) return decodeAddr(payload);
  return decodeAddr(concatBytes(encodeVarint(present), entries));
}

/** Learns nodes from a peer: our stream, seen lately, an address we may use (section 9.1). @param now Unix seconds */
export function learnAddresses(
  entries: readonly AddrEntry[],
  knownNodes: KnownNodes,
  policy: AddressPolicy,
  now: number,
): void {
  for (const entry of entries) {
    const age = now - entry.time;
    if (!policy.streams.includes(entry.stream) || entry.port === 0) continue;
    if (age <= 0 || age >= PEER_ALIVE || !isAllowedHost(entry.host, policy)) continue;
    knownNodes.learn(entry, entry.services, entry.time);
  }
}

/** Learns the node that an onionpeer object names, whose work has been checked (section 13.6). @param now Unix seconds */
export function learnOnionpeer(
  object: Uint8Array,
  knownNodes: KnownNodes,
  policy: AddressPolicy,
  now: number,
): void {
  if (policy.streams.length === 0) return;
  try {
    const endpoint = openOnionpeer(object);
    if (isPublicHost(endpoint.host)) knownNodes.learn(endpoint, Services.network, now);
  } catch {
    // It is relayed all the same, like all objects of a wrong form (section 17.1).
  }
}

/** The addr packets for a new peer. */
export function encodeAddresses(knownNodes: KnownNodes, policy: AddressPolicy): Uint8Array[] {
  const entries = knownNodes
    .recent(MAX_TOLD)
    .filter((node) => policy.streams.includes(node.stream) && isAllowedHost(node.host, policy))
    .map(({ host, port, stream, lastSeen }) => ({
      time: lastSeen - (lastSeen % TIME_STEP),
      stream,
      services: Services.network,
      host,
      port,
    }));
  return splitAddr(entries).map(encodeAddr);
}
