import { ProtocolError, type ProtocolErrorCode } from "../protocol/errors.js";
import { ErrorSeverity, encodeError } from "../protocol/messages/error.js";
import { decodeVersion, encodeVersion, Services, type VersionPacket } from "../protocol/messages/version.js";
import type { Packet } from "../protocol/packet.js";

/** Why a peer's version is refused: the word for us, the sentence for the peer (PROTOCOL.md section 5.3). */
export interface Refusal {
  readonly code: ProtocolErrorCode | "server_full" | "too_many_from_host";
  readonly text: string;
}

export interface HandshakeStep {
  /** To be sent now, in this order. */
  readonly send: readonly Packet[];
  readonly outcome:
    | { readonly kind: "continue" }
    | { readonly kind: "complete"; readonly peer: VersionPacket; readonly encrypt: boolean }
    | { readonly kind: "refused"; readonly refusal: Refusal };
}

const EMPTY = new Uint8Array(0);
const VERACK: Packet = { command: "verack", payload: EMPTY };

/**
 * The order of a handshake (PROTOCOL.md section 5.2), without any socket. The opening side sends its version at once; the
 * accepting side answers a version with verack first and its own version second, because notbit and MiNode depend on it.
 */
export class Handshake {
  readonly #ownVersion: VersionPacket;
  readonly #judge: (version: VersionPacket) => Refusal | null;
  readonly #accepting: boolean;
  #peer: VersionPacket | null = null;
  #acknowledged = false;

  /** @param judge the checks of section 5.3 */
  constructor(
    side: "opening" | "accepting",
    ownVersion: VersionPacket,
    judge: (version: VersionPacket) => Refusal | null,
  ) {
    this.#accepting = side === "accepting";
    this.#ownVersion = ownVersion;
    this.#judge = judge;
  }

  /** What to send when the connection is there. */
  opening(): readonly Packet[] {
    return this.#accepting ? [] : [this.#versionPacket()];
  }

  /**
   * @param packet version or verack
   * @throws ProtocolError `command_before_handshake` for anything out of order, and those of `decodeVersion`
   */
  receive(packet: Packet): HandshakeStep {
    if (packet.command === "version" && this.#peer === null) return this.#receiveVersion(packet.payload);
    if (packet.command === "verack" && !this.#acknowledged && (this.#peer !== null || !this.#accepting)) {
      this.#acknowledged = true;
      return this.#step([]);
    }
    throw new ProtocolError("command_before_handshake");
  }

  #receiveVersion(payload: Uint8Array): HandshakeStep {
    const version = decodeVersion(payload);
    const refusal = this.#judge(version);
    if (refusal !== null) {
      return { send: [fatalError(refusal.text)], outcome: { kind: "refused", refusal } };
    }
    this.#peer = version;
    return this.#step(this.#accepting ? [VERACK, this.#versionPacket()] : [VERACK]);
  }

  #step(send: readonly Packet[]): HandshakeStep {
    const peer = this.#peer;
    if (peer === null || !this.#acknowledged) return { send, outcome: { kind: "continue" } };
    const encrypt = (peer.services & this.#ownVersion.services & Services.tls) !== 0n;
    return { send, outcome: { kind: "complete", peer, encrypt } };
  }

  #versionPacket(): Packet {
    return { command: "version", payload: encodeVersion(this.#ownVersion) };
  }
}

/** The last packet before we hang up. @param text an English sentence */
export function fatalError(text: string): Packet {
  const payload = encodeError({ severity: ErrorSeverity.fatal, banTime: 0, hash: null, text });
  return { command: "error", payload };
}

const SENTENCES: Partial<Record<Refusal["code"], string>> = {
  protocol_too_old: "You are using an old protocol. Closing connection.",
  time_offset: "Your clock is too far from mine. Closing connection.",
  no_common_stream: "We have no stream in common. Closing connection.",
  connected_to_self: "I am connected to myself. Closing connection.",
  too_many_from_host: "Too many connections from your IP. Closing connection.",
  server_full: "Server full, please try again later.",
};

export function refusal(code: Refusal["code"]): Refusal {
  return { code, text: SENTENCES[code] ?? "Closing connection." };
}
