/**
 * Speaks UPnP and NAT-PMP with the router, in a thread of its own: what anybody on the local network can answer there must not be able
 * to end the process. The thread ends when the way in is not kept any more.
 */
import { parentPort, workerData } from "node:worker_threads";
import NatApi from "@silentbot1/nat-api";

/** Seconds. */
const LIFE_TIME = 7200;
/** Milliseconds for a renewal, and between two looks at the memory. */
const PATIENCE = 60_000;
const LOOK = 50;
/** Bytes outside of the heap, whose limit is the thread's: descriptions of devices are read whole, however long. */
const MOST_MEMORY = 32 * 2 ** 20;

export interface PortMapperData {
  readonly port: number;
  /** Tried one after the other, where others have taken the first. */
  readonly outside: readonly number[];
  /** Seconds between two renewals. */
  readonly renewal: number;
}

/** The first message of the thread. */
export type PortMapperAnswer = { readonly outside: number } | { readonly failed: string };

const { port, outside, renewal } = workerData as PortMapperData;
// Its own renewal asks UPnP routers twice as often each time, and NAT-PMP routers never.
const client = new NatApi({ ttl: LIFE_TIME, description: "node", autoUpdate: false });

function map(publicPort: number): Promise<boolean> {
  return client.map({ publicPort, privatePort: port, protocol: "TCP" });
}

async function open(): Promise<PortMapperAnswer> {
  for (const publicPort of outside) if (await map(publicPort)) return { outside: publicPort };
  return { failed: "no router answers to UPnP or NAT-PMP, or none gives a port" };
}

async function renew(publicPort: number): Promise<void> {
  const tooLong = setTimeout(() => process.exit(1), PATIENCE);
  if (!(await map(publicPort).catch(() => false))) process.exit(1);
  clearTimeout(tooLong);
}

setInterval(() => {
  if (process.memoryUsage().external > MOST_MEMORY) process.exit(1);
}, LOOK);
parentPort?.once("message", () => {
  void client.destroy().finally(() => process.exit());
});
const answer = await open().catch((error: unknown): PortMapperAnswer => ({ failed: String(error) }));
parentPort?.postMessage(answer);
if ("outside" in answer) setInterval(() => void renew(answer.outside), renewal * 1000);
