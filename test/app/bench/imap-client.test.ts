import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { BenchClient } from "../../../src/app/bench/imap-client.js";

let server: Server;
let port: number;
let answer: (socket: Socket, text: string) => void;
const sockets = new Set<Socket>();

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.write("* OK hello\r\n");
    socket.on("data", (data) => answer(socket, data.toString("latin1")));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("waits for the tagged response, however the answer is cut", async () => {
  answer = (socket) => {
    socket.write(`* 1 FETCH ${"x".repeat(5000)}\r\n* t1 is no tag here\r\nt1 O`);
    setImmediate(() => socket.write("K done\r\n"));
  };
  const client = await BenchClient.open(port);
  await client.command("NOOP");
  client.close();
});

test("an answer that is not OK is an error, and so is none", async () => {
  answer = (socket, text) =>
    text.startsWith("t1") ? socket.write("t1 NO such thing\r\n") : socket.destroy();
  const client = await BenchClient.open(port);
  await expect(client.command("SELECT x")).rejects.toThrow("SELECT x: NO such thing");
  await expect(client.command("NOOP")).rejects.toThrow("closed");
  client.close();
});
