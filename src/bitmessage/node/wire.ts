import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ProtocolError } from "../protocol/errors.js";
import { encodePacket, type Packet, PacketReader } from "../protocol/packet.js";
import type { Meter } from "./meter.js";
import { startTls, type TlsRole } from "./tls.js";

/** Bytes that may wait to be sent; a peer that lets more pile up is cut off. */
const MAX_BACKLOG = 6 * 1024 * 1024;

/** Bytes sent or read at one turn where there is a limit. */
const SLICE = 16_384;

/** The limits of all peers together. */
export interface Meters {
  readonly upload: Meter;
  readonly download: Meter;
}

export interface WireHandler {
  packet(packet: Packet): void;
  /** All packets of one read have been handed over. */
  readDone(): void;
  /** Everything that waited has been sent. */
  drained(): void;
  /** The last call: both sockets are closed. `reason` is safe to log. */
  ended(reason: string): void;
  /** The peer broke the protocol (ProtocolError), or a handler threw anything else: a bug, to be logged. */
  failed(error: unknown): void;
}

/**
 * Packets over one TCP connection, plain or inside TLS. Bad framing ends the connection with the code of the
 * ProtocolError (PROTOCOL.md section 2).
 */
export class Wire {
  readonly #plain: Socket;
  #socket: Socket | TLSSocket;
  #reader = new PacketReader();
  readonly #handler: WireHandler;
  #mode: "reading" | "upgrading" | "deaf" = "reading";
  #reason: string | null = null;
  #openSockets = 1;
  /** Bytes that may come in all; strangers get little memory, until they are let in. */
  receiveLimit = Number.POSITIVE_INFINITY;
  bytesReceived = 0;
  bytesSent = 0;
  /** Milliseconds on the monotonic clock: when bytes last left, or began to wait. */
  #progressAt = performance.now();

  readonly #meters: Meters;
  /** What the upload limit holds back, in slices. */
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** How many keep us from reading: the download limit, or those who are not done with what has come. */
  #holds = 0;
  #isHandingOver = false;
  #reserved = 0;

  constructor(socket: Socket, meters: Meters, handler: WireHandler) {
    this.#plain = socket;
    this.#meters = meters;
    this.#socket = socket;
    this.#handler = handler;
    socket.setNoDelay(true);
    this.#watch(socket);
  }

  /** Begins to read: before that the bytes belong to a proxy. */
  begin(): void {
    this.#plain.on("data", this.#onData);
    this.#plain.resume();
  }

  /** Bytes that wait to be sent. */
  get backlog(): number {
    return this.#socket.writableLength + this.#pendingBytes;
  }

  /** For how many seconds the peer has taken nothing of what it was offered. */
  get stalledSeconds(): number {
    return this.#socket.writableLength > 0 ? (performance.now() - this.#progressAt) / 1000 : 0;
  }

  send(command: string, payload: Uint8Array): void {
    if (this.#reason !== null || this.#socket.destroyed || this.#mode === "upgrading") return;
    const bytes = encodePacket(command, payload);
    this.bytesSent += bytes.length;
    if (this.#pendingBytes === 0 && this.#meters.upload.isOpen) this.#write(bytes);
    else this.#queue(bytes);
    if (this.backlog > MAX_BACKLOG) this.cut("slow_reader");
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength === 0) this.#progressAt = performance.now();
    this.#meters.upload.spend(bytes.length);
    this.#socket.write(bytes, this.#onWritten);
  }

  #queue(bytes: Uint8Array): void {
    if (this.#pendingBytes === 0) this.#meters.upload.wait(() => this.#sendSlice(), 0);
    this.#pendingBytes += bytes.length;
    for (let start = 0; start < bytes.length; start += SLICE) {
      this.#pending.push(bytes.subarray(start, start + SLICE));
    }
  }

  #sendSlice(): void {
    const slice = this.#pending.shift();
    if (slice === undefined || this.#socket.destroyed) return;
    this.#pendingBytes -= slice.length;
    this.#write(slice);
    if (this.#pendingBytes > 0) this.#meters.upload.wait(() => this.#sendSlice(), 0);
    else if (this.#mode === "reading") this.#guard(() => this.#handler.drained());
  }

  /** Sends what the limit holds back at once: the last words of a connection, or of its plain part. */
  #flush(): void {
    for (const slice of this.#pending.splice(0)) this.#write(slice);
    this.#pendingBytes = 0;
  }

  /** Whether we are kept from reading. */
  get isHeldBack(): boolean {
    return this.#holds > 0;
  }

  /** No packet is handed over and nothing is read until the returned function is called, in a later turn. */
  hold(): () => void {
    this.#holds += 1;
    this.#socket.pause();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#holds -= 1;
      this.#goOn();
    };
  }

  #goOn(): void {
    if (!this.isHeldBack && this.#mode === "reading" && !this.#isHandingOver) this.#handOver();
    if (!this.isHeldBack && this.#mode !== "upgrading") this.#socket.resume();
  }

  /** Reads no more until it is our turn again. */
  #awaitTurn(): void {
    const release = this.hold();
    this.#meters.download.wait(() => {
      this.#reserved = SLICE;
      release();
    }, SLICE);
  }

  /** Stops reading packets; when everything sent so far has left, the TLS handshake begins, in which bytes already read take part. */
  upgrade(role: TlsRole, onSecure: () => void): void {
    this.#mode = "upgrading";
    this.#flush();
    this.#plain.removeListener("data", this.#onData);
    // Without the pause a ClientHello that comes with the last plain packet would be lost.
    this.#plain.pause();
    this.#plain.write(new Uint8Array(0), () => {
      if (this.#plain.destroyed) return;
      const rest = this.#reader.rest();
      if (rest.length > 0) this.#plain.unshift(rest);
      this.#reader = new PacketReader();
      this.#beginTls(role, onSecure);
    });
  }

  #beginTls(role: TlsRole, onSecure: () => void): void {
    const secure = startTls(this.#plain, role, () => {
      if (this.#mode !== "upgrading") return;
      this.#mode = "reading";
      secure.on("data", this.#onData);
      onSecure();
    });
    this.#socket = secure;
    this.#watch(secure);
    this.#openSockets += 1;
  }

  /** Sends what waits, then closes; what still comes in is not looked at. */
  finish(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    if (this.#mode === "upgrading") this.#destroy();
    else {
      this.#flush();
      this.#socket.end();
    }
    this.#mode = "deaf";
  }

  /** Closes at once. */
  cut(reason: string): void {
    this.#reason ??= reason;
    this.#mode = "deaf";
    this.#destroy();
  }

  #destroy(): void {
    this.#socket.destroy();
    this.#plain.destroy();
  }

  #watch(socket: Socket): void {
    socket.on("drain", () => {
      if (this.#mode === "reading") this.#guard(() => this.#handler.drained());
    });
    socket.on("end", () => this.cut("closed_by_peer"));
    socket.on("error", (error: NodeJS.ErrnoException) => this.cut(error.code ?? "socket_error"));
    socket.once("close", () => {
      this.#openSockets -= 1;
      this.cut("closed_by_peer");
      if (this.#openSockets === 0) this.#handler.ended(this.#reason ?? "closed_by_peer");
    });
  }

  readonly #onWritten = (): void => {
    this.#progressAt = performance.now();
  };

  readonly #onData = (chunk: Uint8Array): void => {
    const { download } = this.#meters;
    this.bytesReceived += chunk.length;
    download.spend(chunk.length - this.#reserved);
    this.#reserved = 0;
    if (this.#mode !== "reading") return;
    if (this.bytesReceived > this.receiveLimit) {
      this.cut("handshake_too_long");
      return;
    }
    this.#reader.push(chunk);
    if (!this.isHeldBack) this.#handOver();
    if (this.#mode === "reading" && !this.isHeldBack && !download.isOpen) this.#awaitTurn();
  };

  /** The packets that are complete. */
  #handOver(): void {
    this.#isHandingOver = true;
    this.#guard(() => {
      try {
        this.#readPackets();
      } finally {
        this.#handler.readDone();
      }
    });
    this.#isHandingOver = false;
  }

  #readPackets(): void {
    while (this.#mode === "reading" && !this.isHeldBack) {
      const packet = this.#reader.next();
      if (packet === null) return;
      this.#handler.packet(packet);
    }
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#handler.failed(error);
      this.cut(error instanceof ProtocolError ? error.code : "internal_error");
    }
  }
}
