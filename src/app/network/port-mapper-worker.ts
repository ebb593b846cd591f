/**
 * Speaks UPnP and NAT-PMP with the router, in a thread of its own: what anybody on the local network can answer there must not be able
 * to end the process.
 */
import { parentPort, workerData } from "node:worker_threads";
import NatApi from "@silentbot1/nat-api";

/** Seconds; renewed before its end. */
const LIFE_TIME = 7200;

export interface PortMapperData {
  readonly port: number;
  /** Tried one after the other, where others have taken the first. */
  readonly outside: readonly number[];
}

/** The first message of the thread. */
export type PortMapperAnswer = { readonly outside: number } | { readonly failed: string };

const { port, outside } = workerData as PortMapperData;
const client = new NatApi({ ttl: LIFE_TIME, description: "node", autoUpdate: true });

async function open(): Promise<PortMapperAnswer> {
  for (const publicPort of outside) {
    if (await client.map({ publicPort, privatePort: port, protocol: "TCP" })) return { outside: publicPort };
  }
  return { failed: "no router answers to UPnP or NAT-PMP, or none gives a port" };
}

parentPort?.once("message", () => {
  void client.destroy().finally(() => parentPort?.close());
});
const answer = await open().catch((error: unknown): PortMapperAnswer => ({ failed: String(error) }));
parentPort?.postMessage(answer);
