import { randomInt } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { PortMapper } from "../../bitmessage/node/port-mapping.js";
import type { PortMapperAnswer, PortMapperData } from "./port-mapper-worker.js";

/** Milliseconds for the router to answer, and to take the way back. */
const PATIENCE = 30_000;
const FAREWELL = 5_000;

/** UPnP and NAT-PMP by a library that is loaded only now, in a thread of its own. */
export function createPortMapper(): PortMapper {
  let worker: Worker | null = null;

  async function close(): Promise<void> {
    const ending = worker;
    worker = null;
    if (ending === null) return;
    const ended = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
    ending.on("error", () => {});
    ending.postMessage("close");
    const timer = setTimeout(() => void ending.terminate(), FAREWELL);
    await ended;
    clearTimeout(timer);
  }

  return {
    async open(port) {
      await close();
      const outside = [port, randomInt(20_000, 60_000), randomInt(20_000, 60_000)];
      const workerData: PortMapperData = { port, outside };
      const started = new Worker(new URL("./port-mapper-worker.js", import.meta.url), { workerData });
      worker = started;
      try {
        return await firstAnswer(started);
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

function firstAnswer(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the router does not answer")), PATIENCE);
    const fail = (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === "ERR_MODULE_NOT_FOUND";
      reject(isMissing ? new Error("it needs a package: npm install @silentbot1/nat-api") : error);
    };
    worker.on("error", fail);
    worker.once("exit", () => {
      clearTimeout(timer);
      reject(new Error("the router could not be asked"));
    });
    worker.once("message", (answer: PortMapperAnswer) => {
      clearTimeout(timer);
      if ("outside" in answer) resolve(answer.outside);
      else reject(new Error(answer.failed));
    });
  });
}
