/** A process that is killed between handing a mail over and noting it hands it over again; none is lost, none half noted. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import type { HandoverId } from "../../../src/gateway/handover/ports.js";
import { openDatabase } from "../../../src/store/database.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";

const SENDER = fileURLToPath(new URL("./crash-sender.js", import.meta.url));
const MAILS = 12;

function fill(path: string): void {
  const database = openDatabase(path);
  const { handovers } = createSqliteStores(database);
  for (let number = 0; number < MAILS; number++) {
    const handover = {
      id: `mail${number}` as HandoverId,
      target: "hook",
      user: "anna",
      sender: "bob@bm.localhost",
      recipient: "anna",
      subject: "",
      messageId: "",
      wishes: null,
      state: "waiting",
      attempts: 0,
      error: null,
      created: 1,
      started: 1,
      nextAttempt: number,
      warned: false,
    } as const;
    handovers.add(handover, new Uint8Array(Buffer.from(`mail ${number}`)));
  }
  database.close();
}

test("killed at every other mail, in the moment it was taken: each arrives, and says that it may be there already", async () => {
  const folder = mkdtempSync(join(tmpdir(), "handover-crash-"));
  const path = join(folder, "bridge.db");
  fill(path);
  const taken: { id: string; attempt: number; body: string }[] = [];
  let child: ChildProcess | null = null;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const id = String(request.headers["x-delivery-id"]);
      taken.push({ id, attempt: Number(request.headers["x-delivery-attempt"]), body });
      const isNew = taken.filter((one) => one.id === id).length === 1;
      if (isNew && new Set(taken.map((one) => one.id)).size % 2 === 0) child?.kill("SIGKILL");
      else response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  // With nothing left to do the process ends by itself.
  await new Promise<void>((resolve) => {
    const run = () => {
      child = spawn(process.execPath, [SENDER, path, url], { stdio: ["ignore", "ignore", "inherit"] });
      child.once("exit", (_status, signal) => (signal === "SIGKILL" ? run() : resolve()));
    };
    run();
  });
  await new Promise((resolve) => server.close(resolve));
  expect(new Set(taken.map((one) => one.body)).size).toBe(MAILS);
  const repeated = taken.filter((one) => one.attempt > 1);
  expect(repeated).toHaveLength(MAILS / 2);
  const database = openDatabase(path);
  expect(createSqliteStores(database).handovers.list()).toEqual([]);
  database.close();
  rmSync(folder, { recursive: true });
}, 120_000);
