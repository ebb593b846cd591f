import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { connectControl } from "../../../src/app/control/client.js";
import { CommandError } from "../../../src/app/control/messages.js";
import { type ControlServer, createControlServer } from "../../../src/app/control/server.js";
import { silentLogger } from "../../../src/logger.js";

let directory = "";
let path = "";
let server: ControlServer;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-control-"));
  path = join(directory, "control.sock");
  server = createControlServer(
    path,
    {
      echo: (params) => params,
      refuse: () => {
        throw new CommandError("there is no such thing", "wrong-use");
      },
      bug: () => {
        throw new Error("secret detail");
      },
    },
    silentLogger,
  );
  await server.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

async function raw(text: string): Promise<string> {
  const socket = connect(path);
  socket.write(text);
  const answer = await new Promise<string>((resolve) =>
    socket.once("data", (chunk) => resolve(chunk.toString())),
  );
  socket.destroy();
  return answer;
}

describe("wrong use", () => {
  test("what is not a request is refused, and the connection stays", async () => {
    expect(await raw("nonsense\n")).toMatch(/one JSON document a line/);
    expect(await raw("null\n")).toMatch(/id, method and params/);
    expect(await raw('{"id":1}\n')).toMatch(/id, method and params/);
    expect(await raw('{"id":1,"method":"constructor","params":{}}\n')).toMatch(/does not know/);
  });

  test("errors arrive as they are meant, bugs without their detail", async () => {
    const client = await connectControl(path);
    await expect(client?.call("refuse", {})).rejects.toMatchObject({
      message: "there is no such thing",
      kind: "wrong-use",
    });
    await expect(client?.call("bug", {})).rejects.toThrow(/an error of its own/);
    client?.close();
  });

  test("no node: null; a node that ends: an error", async () => {
    expect(await connectControl(join(directory, "none.sock"))).toBeNull();
  });
});

test("calls are answered, several on one connection", async () => {
  const client = await connectControl(path);
  const answers = await Promise.all([
    client?.call("echo", { text: "one\ntwo" }),
    client?.call("echo", { n: 2 }),
  ]);
  expect(answers).toEqual([{ text: "one\ntwo" }, { n: 2 }]);
  client?.close();
});

test("only the owner may open the socket", () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
