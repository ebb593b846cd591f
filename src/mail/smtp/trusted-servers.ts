import { BlockList, isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** Which mail servers may send in the name of users without a login. */
export interface TrustedServersOptions {
  /** Addresses and networks: "10.0.0.0/8", "::1". */
  readonly networks: readonly string[];
  /** PEM of the authorities whose client certificates are taken, or null for none. */
  readonly authorities: string | null;
}

/** Stands for the user of a session until MAIL tells who sends. */
export const TRUSTED_SERVER = Object.freeze({ name: "trusted mail server" });

export class TrustedServers {
  readonly #networks = new BlockList();
  /** Sessions by smtp-server's objects, which live as long as their connections. */
  readonly #sessions = new WeakSet<object>();

  constructor(private readonly options: TrustedServersOptions) {
    for (const network of options.networks) {
      const [address = "", prefix] = network.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(prefix), family);
    }
  }

  /** What TLS is to ask of clients: a certificate, which nobody has to have. */
  get tlsSettings() {
    const { authorities } = this.options;
    return authorities === null ? {} : { requestCert: true, rejectUnauthorized: false, ca: authorities };
  }

  connected(session: { readonly remoteAddress: string }): void {
    const { remoteAddress } = session;
    const family = isIP(remoteAddress) === 6 ? "ipv6" : "ipv4";
    if (isIP(remoteAddress) !== 0 && this.#networks.check(remoteAddress, family)) this.#sessions.add(session);
  }

  /**
   * A certificate is asked for as well: Node calls a session of TLS 1.3 that is resumed authorized when its client has never shown any.
   */
  secured(session: object, socket: Socket): void {
    if (this.options.authorities === null || !(socket instanceof TLSSocket) || !socket.authorized) return;
    if (socket.getPeerCertificate()?.raw !== undefined) this.#sessions.add(session);
  }

  has(session: object): boolean {
    return this.#sessions.has(session);
  }
}
