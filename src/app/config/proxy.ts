import type { SocksProxy } from "../../bitmessage/node/proxy.js";

/**
 * Reads "socks5://[user:password@]host:port". The host has to be an address: to look up a name would be the one packet that
 * leaves outside the proxy.
 * @throws Error with a sentence that says what is wrong, without the password
 */
export function parseProxy(text: string): SocksProxy {
  const match =
    /^socks5h?:\/\/(?:([^:@/]+):([^@/]+)@)?(\[[0-9a-fA-F:.]+\]|[\d.]+|localhost):(\d{1,5})\/?$/.exec(text);
  if (match === null)
    throw new Error(
      'write "socks5://host:port" or "socks5://user:password@host:port", the host as an IP address',
    );
  const [, user, password, host = "", port] = match;
  if (Number(port) === 0 || Number(port) > 65_535) throw new Error("the port is out of range");
  const credentials =
    user === undefined || password === undefined
      ? null
      : { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  const address = host === "localhost" ? "127.0.0.1" : host.replace(/^\[|\]$/g, "");
  return { host: address, port: Number(port), credentials };
}
