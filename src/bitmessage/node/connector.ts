import { connect, isIP, type Socket } from "node:net";
import type { Endpoint } from "./known-nodes.js";
import type { Resolver } from "./ports.js";

/** How outgoing connections are made. */
export interface Connector {
  /** The address of a host, or null when there is none. */
  resolve(host: string): Promise<string | null>;
  /** Begins to connect; never throws, but for wrong arguments. Calls back, in a later turn, when the peer can be spoken to. */
  connect(endpoint: Endpoint, onOpen: () => void): Socket;
}

/**
 * Connections straight to the peer.
 * @param options.bindAddress the local address; by default the system's choice, but nodes on one machine tell each other apart
 *   by address, so on loopback it is the one that we listen on
 */
export function directConnector(options: {
  readonly resolver: Resolver;
  readonly bindAddress: string | undefined;
  readonly listenHost: string | undefined;
}): Connector {
  const { resolver, bindAddress, listenHost } = options;

  function localAddress(target: string): string | undefined {
    if (bindAddress !== undefined) return bindAddress;
    return listenHost?.startsWith("127.") && target.startsWith("127.") ? listenHost : undefined;
  }

  return {
    async resolve(host) {
      if (isIP(host) !== 0) return host;
      // To ask for an onion name outside the proxy would tell whom we wish to reach.
      if (host.endsWith(".onion")) return null;
      const addresses = await resolver(host).catch((): readonly string[] => []);
      return addresses[0] ?? null;
    },
    connect({ host, port }, onOpen) {
      const local = localAddress(host);
      const socket = connect({ host, port, ...(local !== undefined && { localAddress: local }) });
      socket.once("connect", onOpen);
      return socket;
    },
  };
}
