import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { olderCopies } from "../../src/app/older-copies.js";

test("copies that hold keys as they were are named, those of a rescue among them", () => {
  const folder = mkdtempSync(join(tmpdir(), "app-older-copies-"));
  const copies = [
    "db.damaged-20261122T230000Z",
    "db.damaged-20261122T230000Z-1",
    "db.damaged-20261122T230000Z-wal",
    "db.replaced-20261122T230000Z",
    "db.version-7",
    "db.version-8.part",
  ];
  for (const name of [...copies, "db", "db-wal", "db.suspect", "db.saving.lock", "other.version-7"])
    writeFileSync(join(folder, name), "");
  try {
    expect(olderCopies(join(folder, "db"))).toEqual(copies.map((name) => join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
