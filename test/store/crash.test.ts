/** What was acknowledged is there after the process was killed, and nothing half-done. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { hash } from "./contracts/values.js";

const WRITER = fileURLToPath(new URL("./crash-writer.js", import.meta.url));

/** Kills the writer once it has acknowledged that many; resolves to all acknowledgements that came out. */
function writeAndKill(path: string, start: number, acknowledgements: number): Promise<[number, number][]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, path, String(start)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.on("error", reject);
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split("\n").length > acknowledgements) child.kill("SIGKILL");
    });
    child.on("close", () => {
      const lines = text.split("\n").slice(0, -1);
      resolve(lines.map((line) => line.split(" ").map(Number) as [number, number]));
    });
  });
}

test("a killed writer loses nothing it has acknowledged and leaves nothing half-done", async () => {
  const folder = mkdtempSync(join(tmpdir(), "store-crash-"));
  const path = join(folder, "bridge.db");
  const uids = new Map<number, number>();
  let start = 0;
  for (const acknowledgements of [1, 7, 40, 150]) {
    const acknowledged = await writeAndKill(path, start, acknowledgements);
    expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgements);
    for (const [number, uid] of acknowledged) uids.set(number, uid);
    const database = openDatabase(path);
    expect(database.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(database.pragma("foreign_key_check")).toEqual([]);
    const { inventory, mailboxes } = createSqliteStores(database);
    const inbox = mailboxes.find("anna", "INBOX")!;
    for (const [number, uid] of uids) {
      expect(mailboxes.findByMessageId(inbox, `n${number}@example`)).toEqual([uid]);
      expect(mailboxes.read(inbox, uid)).not.toBeNull();
    }
    const { messages, uidNext, size } = mailboxes.status(inbox);
    const all = mailboxes.snapshot(inbox, "read-only").messages;
    expect([all.length, all.at(-1)!.uid]).toEqual([messages, uidNext - 1]);
    const records = mailboxes.records(
      inbox,
      all.map((message) => message.uid),
    );
    expect(records.reduce((sum, record) => sum + record.digest.size, 0)).toBe(size);
    expect(inventory.totals().objects).toBe(messages * 3);
    for (let number = 1; number <= messages * 3; number++) expect(inventory.has(hash(number))).toBe(true);
    start = messages;
    database.close();
  }
  rmSync(folder, { recursive: true });
});
