import { connect } from "node:net";
import type { Logger } from "../../logger.js";
import { toHex } from "../protocol/bytes.js";
import type { RandomBytes } from "../protocol/random.js";
import type { Connector } from "./connector.js";
import type { Endpoint } from "./known-nodes.js";
import type { Scheduler } from "./scheduler.js";
import { askProxy, type ProxyCredentials, type SocksError } from "./socks.js";
import { endpointText } from "./text.js";

/** A SOCKS5 proxy, such as Tor's at 127.0.0.1:9050. */
export interface SocksProxy extends Endpoint {
  /** Null: each connection names itself differently, by which Tor gives each peer a circuit of its own. */
  readonly credentials: ProxyCredentials | null;
}

export function isOnion(host: string): boolean {
  return host.endsWith(".onion");
}

/** Connections through the proxy; it resolves all names. @param options.onionOnly whether anything but onion services is refused */
export function proxyConnector(options: {
  readonly proxy: SocksProxy;
  readonly onionOnly: boolean;
  readonly random: RandomBytes;
}): Connector {
  const { proxy, onionOnly, random } = options;
  const credentials = () => proxy.credentials ?? { user: toHex(random(8)), password: toHex(random(8)) };
  return {
    resolve: async (host) => (onionOnly && !isOnion(host) ? null : host),
    connect(endpoint, onOpen) {
      const socket = connect({ host: proxy.host, port: proxy.port });
      socket.once("connect", () => {
        askProxy(socket, credentials(), endpoint, (error) => {
          if (error === null) onOpen();
          else socket.destroy(error);
        });
      });
      return socket;
    },
  };
}

/** Seconds. */
const PROBE_PATIENCE = 10;

/** Whether the proxy is there and lets us in; says nothing to anybody behind it. Null, or what went wrong. */
function probe(
  proxy: SocksProxy,
  { random, scheduler, signal }: { random: RandomBytes; scheduler: Scheduler; signal: AbortSignal },
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: proxy.host, port: proxy.port });
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort);
    const end = (reason: string | null) => {
      cancel();
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(reason);
    };
    const cancel = scheduler.after(PROBE_PATIENCE, () => end("timeout"));
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "socket_error"));
    socket.once("close", () => end("closed_by_proxy"));
    socket.once("connect", () => {
      const credentials = proxy.credentials ?? { user: toHex(random(8)), password: toHex(random(8)) };
      askProxy(socket, credentials, null, (error: SocksError | null) => end(error?.code ?? null));
    });
  });
}

/**
 * Tries the proxy until it works, with growing pauses, and then calls `onReady` once. Until then nothing else may be connected to. Returns how
 * to end a try that is going on.
 * @param options.first, options.longest seconds between two tries
 */
export function awaitProxy(options: {
  readonly proxy: SocksProxy;
  readonly random: RandomBytes;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly first: number;
  readonly longest: number;
  onReady(): void;
}): () => void {
  const { proxy, random, scheduler, logger, longest } = options;
  const ending = new AbortController();
  const where = endpointText(proxy);

  async function attempt(pause: number): Promise<void> {
    const reason = await probe(proxy, { random, scheduler, signal: ending.signal });
    if (scheduler.stopped) return;
    if (reason === null) {
      logger.info("the proxy works: connecting through it", { proxy: where });
      options.onReady();
      return;
    }
    logger.warn("the proxy does not work: nothing is connected to until it does", { proxy: where, reason });
    scheduler.after(pause, () => void attempt(Math.min(longest, pause * 2)));
  }

  void attempt(options.first);
  return () => ending.abort();
}
