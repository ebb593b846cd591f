import { randomInt } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { PortMapper } from "../../bitmessage/node/port-mapping.js";
import type { PortMapperAnswer, PortMapperData } from "./port-mapper-worker.js";

/** Milliseconds for the router to answer, and to take the way back. */
const PATIENCE = 30_000;
const FAREWELL = 5_000;

/** Seconds between two renewals: half of the time for which a router keeps a way open. */
const RENEWAL = 3600;
/** Megabytes of the thread's heap. */
const HEAP = 64;

interface Thread {
  readonly worker: Worker;
  readonly ended: Promise<void>;
}

/**
 * UPnP and NAT-PMP by a library that is loaded only now, in a thread of its own.
 * @param options.script what the thread runs; @param options.renewal seconds between two renewals
 */
export function createPortMapper(options: { script?: URL; renewal?: number } = {}): PortMapper {
  const { script = new URL("./port-mapper-worker.js", import.meta.url), renewal = RENEWAL } = options;
  let current: Thread | null = null;

  function start(port: number): Thread {
    const outside = [port, randomInt(20_000, 60_000), randomInt(20_000, 60_000)];
    const workerData: PortMapperData = { port, outside, renewal };
    const worker = new Worker(script, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP } });
    return { worker, ended: new Promise((resolve) => worker.once("exit", () => resolve())) };
  }

  async function close(): Promise<void> {
    const ending = current;
    current = null;
    if (ending === null) return;
    ending.worker.postMessage("close");
    const timer = setTimeout(() => void ending.worker.terminate(), FAREWELL);
    await ending.ended;
    clearTimeout(timer);
  }

  return {
    async open(port, onLost) {
      await close();
      const thread = start(port);
      current = thread;
      try {
        const outside = await firstAnswer(thread.worker);
        void thread.ended.then(() => {
          if (current !== thread) return;
          current = null;
          onLost();
        });
        return outside;
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
