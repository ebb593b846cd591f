/** In place of the thread that speaks with routers: the port that is asked for says what happens. */
import { parentPort, workerData } from "node:worker_threads";
import { Fate } from "./port-mapper-fates.js";

const { port } = workerData as { port: number };
const answer = () => parentPort?.postMessage({ outside: 4711 });

parentPort?.on("message", () => {
  if (port !== Fate.deafAfter) process.exit();
});
if (port === Fate.exitBefore) process.exit();
if (port === Fate.throwBefore) throw new Error("thrown before the answer");
if (port === Fate.fillHeap)
  for (const all: string[][] = []; ; ) all.push(Array.from({ length: 1000 }, String));
answer();
if (port === Fate.exitAfter) setTimeout(() => process.exit(), 10);
if (port === Fate.throwAfter) {
  setTimeout(() => {
    throw new Error("thrown after the answer");
  }, 10);
}
