/** Text that a peer controls, made safe for a log: printable ASCII only, and short. */
export function cleanText(text: string, longest = 200): string {
  return text.slice(0, longest).replace(/[^\x20-\x7e]/g, "?");
}

/** How an endpoint is written: IPv6 addresses in brackets. */
export function endpointText(endpoint: { readonly host: string; readonly port: number }): string {
  return endpoint.host.includes(":")
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** The host of a socket as the rest of the node writes it: IPv4 in dotted form, IPv6 without a zone. */
export function normalHost(host: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host);
  return mapped?.[1] ?? host.replace(/%.*$/, "");
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}
