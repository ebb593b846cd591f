/** Talks to a running node over its control socket. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { CommandError, type ControlResponse } from "./messages.js";

export interface ControlClient {
  call(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

/** Null when no node listens there. */
export async function connectControl(path: string): Promise<ControlClient | null> {
  const socket = await open(path);
  return socket === null ? null : createClient(socket);
}

function open(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ENOTSOCK")
        resolve(null);
      else reject(new CommandError(`the control socket cannot be opened (${error.code ?? error.message})`));
    });
  });
}

function createClient(socket: Socket): ControlClient {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let next = 1;
  createInterface({ input: socket }).on("line", (line) => {
    const response = JSON.parse(line) as ControlResponse;
    const call = waiting.get(response.id);
    waiting.delete(response.id);
    if (call === undefined) return;
    if ("error" in response) {
      call.reject(new CommandError(response.error.text, response.error.wrongUse ? "wrong-use" : "failed"));
    } else call.resolve(response.result);
  });
  const fail = () => {
    for (const call of waiting.values()) call.reject(new CommandError("the node ended before it answered"));
    waiting.clear();
  };
  socket.on("error", fail);
  socket.on("close", fail);
  return {
    call(method, params) {
      return new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        socket.write(`${JSON.stringify({ id, method, params })}\n`);
      });
    },
    close: () => socket.destroy(),
  };
}
