/** The control socket: a Unix socket that only the owner of the data directory can open. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Logger } from "../../logger.js";
import {
  CommandError,
  type ControlMethods,
  type ControlRequest,
  type ControlResponse,
  callMethod,
  MAX_CONTROL_LINE,
} from "./messages.js";

export interface ControlServer {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Commands at a time; each is one connection. */
const MOST_CONNECTIONS = 64;

export function createControlServer(path: string, methods: ControlMethods, logger: Logger): ControlServer {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    serve(socket, methods, logger);
  });
  server.maxConnections = MOST_CONNECTIONS;
  return {
    async start() {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      rmSync(path, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        const previous = process.umask(0o177);
        server.listen(path, () => {
          server.off("error", reject);
          server.on("error", (error) => logger.error("listening failed", { error }));
          resolve();
        });
        process.umask(previous);
      });
      chmodSync(path, 0o600);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(path, { force: true });
    },
  };
}

function serve(socket: Socket, methods: ControlMethods, logger: Logger): void {
  let buffered = "";
  let turn = Promise.resolve();
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    let end = chunk.indexOf("\n");
    if (end >= 0) end += buffered.length;
    buffered += chunk;
    if (buffered.length > MAX_CONTROL_LINE) return socket.destroy();
    while (end >= 0) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 1);
      turn = turn.then(() => answer(socket, line, methods, logger));
      end = buffered.indexOf("\n");
    }
    return undefined;
  });
}

async function answer(socket: Socket, line: string, methods: ControlMethods, logger: Logger): Promise<void> {
  let response: ControlResponse;
  let id = 0;
  try {
    const request = readRequest(line);
    id = request.id;
    response = { id, result: (await callMethod(methods, request)) ?? null };
  } catch (error) {
    response = { id, error: describe(error, logger) };
  }
  if (!socket.destroyed) socket.write(`${JSON.stringify(response)}\n`);
}

function readRequest(line: string): ControlRequest {
  let value: Partial<ControlRequest> | null;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CommandError("a request is one JSON document a line", "wrong-use");
  }
  const { id, method, params } = value ?? {};
  if (
    typeof id !== "number" ||
    !Number.isFinite(id) ||
    typeof method !== "string" ||
    typeof params !== "object" ||
    params === null
  ) {
    throw new CommandError("a request has id, method and params", "wrong-use");
  }
  return { id, method, params };
}

function describe(error: unknown, logger: Logger): { text: string; wrongUse: boolean } {
  if (error instanceof CommandError) return { text: error.message, wrongUse: error.kind === "wrong-use" };
  logger.error("a control command failed", { error });
  return { text: "the node met an error of its own; its log tells more", wrongUse: false };
}
