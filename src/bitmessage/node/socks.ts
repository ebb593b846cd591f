import { isIPv4, isIPv6, type Socket } from "node:net";
import { concatBytes } from "../protocol/bytes.js";
import { encodeHost } from "../protocol/host.js";
import type { Endpoint } from "./known-nodes.js";

/** A user name and password of RFC 1929, each 1 to 255 bytes. */
export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

/** What the proxy said, or how it broke the rules; `code` is safe to log. */
export class SocksError extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "SocksError";
  }
}

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const CONNECT = 1;
/** RFC 1928 section 6. */
const REPLIES = [
  "",
  "socks_failure",
  "socks_not_allowed",
  "socks_network_unreachable",
  "socks_host_unreachable",
  "socks_refused",
  "socks_ttl_expired",
  "socks_command_unsupported",
  "socks_address_unsupported",
];
const ADDRESS_LENGTHS: Readonly<Record<number, number>> = { 1: 4, 4: 16 };

/** One step of the conversation: what to send, and what follows once so many bytes have come. */
interface Step {
  readonly send: Uint8Array;
  readonly length: number;
  next(reply: Uint8Array): Step | null;
}

/**
 * Asks a SOCKS5 proxy (RFC 1928, 1929) on a connected socket for a way to `target`; names go unresolved. Without a target it
 * only finds out whether a proxy is there that lets us in. At success the socket is paused and what came too early put back.
 * @param done hears once how it went: null for success, else SocksError with the reason
 */
export function askProxy(
  socket: Socket,
  credentials: ProxyCredentials,
  target: Endpoint | null,
  done: (error: SocksError | null) => void,
): void {
  let step: Step = greeting(credentials, target);
  let received: Uint8Array = new Uint8Array(0);

  function finish(error: SocksError | null): void {
    socket.removeListener("data", onData);
    socket.pause();
    if (error === null && received.length > 0) socket.unshift(received);
    done(error);
  }

  function onData(chunk: Uint8Array): void {
    received = concatBytes(received, chunk);
    try {
      while (received.length >= step.length) {
        const next = step.next(received.subarray(0, step.length));
        received = received.slice(step.length);
        if (next === null) {
          finish(null);
          return;
        }
        step = next;
        if (step.send.length > 0) socket.write(step.send);
      }
    } catch (error) {
      finish(error instanceof SocksError ? error : new SocksError("socks_failure"));
    }
  }

  socket.on("data", onData);
  socket.write(step.send);
}

function greeting(credentials: ProxyCredentials, target: Endpoint | null): Step {
  return {
    send: Uint8Array.of(VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD),
    length: 2,
    next([version, method]) {
      if (version !== VERSION) throw new SocksError("socks_bad_reply");
      if (method === NO_AUTHENTICATION) return request(target);
      if (method === USER_AND_PASSWORD) return login(credentials, target);
      throw new SocksError("socks_no_method");
    },
  };
}

function login({ user, password }: ProxyCredentials, target: Endpoint | null): Step {
  return {
    send: concatBytes(Uint8Array.of(1), shortText(user), shortText(password)),
    length: 2,
    next([, status]) {
      if (status !== 0) throw new SocksError("socks_login_refused");
      return request(target);
    },
  };
}

function request(target: Endpoint | null): Step | null {
  if (target === null) return null;
  const port = Uint8Array.of(target.port >> 8, target.port & 0xff);
  return {
    send: concatBytes(Uint8Array.of(VERSION, CONNECT, 0), addressOf(target.host), port),
    // Up to the first byte of the address, which may be its length.
    length: 5,
    next([version, reply = 1, , type = 0, first = 0]) {
      if (version !== VERSION) throw new SocksError("socks_bad_reply");
      if (reply !== 0) throw new SocksError(REPLIES[reply] ?? "socks_failure");
      const length = type === 3 ? first + 1 : ADDRESS_LENGTHS[type];
      if (length === undefined) throw new SocksError("socks_bad_reply");
      return { send: new Uint8Array(0), length: length - 1 + 2, next: () => null };
    },
  };
}

function addressOf(host: string): Uint8Array {
  if (isIPv4(host)) return concatBytes(Uint8Array.of(1), encodeHost(host).subarray(12));
  if (isIPv6(host)) return concatBytes(Uint8Array.of(4), encodeHost(host));
  return concatBytes(Uint8Array.of(3), shortText(host));
}

function shortText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > 255) throw new SocksError("socks_text_too_long");
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}
