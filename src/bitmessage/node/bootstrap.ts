import { isPublicHost } from "../protocol/host.js";
import { type Endpoint, FORGET_AFTER } from "./known-nodes.js";
import type { Resolver } from "./ports.js";

/** The list that PyBitmessage carries (PROTOCOL.md section 9.3). */
export const BUILT_IN: readonly Endpoint[] = [
  { host: "5.45.99.75", port: 8444 },
  { host: "75.167.159.54", port: 8444 },
  { host: "95.165.168.168", port: 8444 },
  { host: "85.180.139.241", port: 8444 },
  { host: "158.222.217.190", port: 8080 },
  { host: "178.62.12.187", port: 8448 },
  { host: "24.188.198.204", port: 8111 },
  { host: "109.147.204.113", port: 1195 },
  { host: "178.11.46.221", port: 8444 },
];

/** Names that lead to nodes. */
export const ENTRANCES: readonly Endpoint[] = [
  { host: "bootstrap8080.bitmessage.org", port: 8080 },
  { host: "bootstrap8444.bitmessage.org", port: 8444 },
];

/** Nodes of the list and of the names count as seen so long ago that they are forgotten in ten minutes unless they answer. */
export const BOOTSTRAP_AGE = FORGET_AFTER - 600;

/** What the two names stand for. Those that cannot be resolved are left out. */
export async function resolveEntrances(resolver: Resolver): Promise<Endpoint[]> {
  const found = await Promise.all(
    ENTRANCES.map(async ({ host, port }) => {
      const addresses = await resolver(host).catch((): readonly string[] => []);
      return addresses.filter(isPublicHost).map((address) => ({ host: address, port }));
    }),
  );
  return found.flat();
}
