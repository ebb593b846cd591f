/** The address book with vdirsyncer, as people synchronise it: Debian's package, one running node. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bmbridge,
  PASSWORD,
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
const local = join(directory.path, "local");
let node: RunningNode;
let address = "";
const BOB = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";

beforeAll(async () => {
  address = await setupNode(data, "alice");
  node = await startNode(data);
  mkdirSync(local);
  writeFileSync(
    join(directory.path, "config"),
    [
      "[general]",
      `status_path = "${join(directory.path, "status")}"`,
      "[pair book]",
      'a = "local"',
      'b = "bridge"',
      'collections = ["contacts", "own"]',
      'conflict_resolution = "b wins"',
      "[storage local]",
      'type = "filesystem"',
      `path = "${local}"`,
      'fileext = ".vcf"',
      "[storage bridge]",
      'type = "carddav"',
      `url = "http://localhost:${node.webPort}/"`,
      'username = "alice"',
      `password = "${PASSWORD}"`,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
}, 120_000);

afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

async function vdirsyncer(command: string): Promise<string> {
  const parameters = ["-c", join(directory.path, "config"), command, "book"];
  const environment = { HOME: directory.path, LC_ALL: "C.UTF-8" };
  const outcome = await runProgram("vdirsyncer", parameters, { input: "y\ny\n", environment });
  expect(outcome).toMatchObject({ status: 0 });
  return `${outcome.stdout}${outcome.stderr}`;
}

const files = (book: string) => readdirSync(join(local, book)).filter((name) => name.endsWith(".vcf"));
const read = (book: string) => files(book).map((name) => readFileSync(join(local, book, name), "utf8"));
async function contacts(): Promise<{ address: string; label: string }[]> {
  const { stdout } = await bmbridge(["contact", "list", "--json", "--data-dir", data]);
  return JSON.parse(Buffer.from(stdout, "latin1").toString());
}

describe("vdirsyncer", () => {
  test("finds the books by the well-known address, and fetches them", async () => {
    await bmbridge(["contact", "add", BOB, "Bob Builder", "--data-dir", data]);
    expect(await vdirsyncer("discover")).toMatch(/contacts/);
    await vdirsyncer("sync");
    expect(read("contacts")).toEqual([expect.stringContaining(`${BOB}@bm.localhost`)]);
    expect(read("own").join("")).toContain(`${address}@bm.localhost`);
    expect(await vdirsyncer("sync")).not.toMatch(/Copying|Deleting/);
  }, 120_000);

  test("what is written here becomes a contact; what changes there comes back", async () => {
    const card = ["BEGIN:VCARD", "VERSION:3.0", "UID:carol-1", "FN:Carol Ängström", "N:Ängström;Carol;;;"];
    const text = [...card, `EMAIL:${address}@bm.localhost`, "TEL:+1 555", "END:VCARD", ""].join("\r\n");
    writeFileSync(join(local, "contacts", "carol.vcf"), text);
    await vdirsyncer("sync");
    expect(await contacts()).toContainEqual(expect.objectContaining({ address, label: "Carol Ängström" }));
    await bmbridge(["contact", "add", address, "Carol", "--data-dir", data]);
    await vdirsyncer("sync");
    const carol = read("contacts").find((one) => one.includes("carol-1"));
    expect(carol).toMatch(/FN:Carol\r?\n/);
    expect(carol).toMatch(/TEL:\+1 555/);
  }, 120_000);

  test("what is deleted on either side is gone on the other", async () => {
    const bob = files("contacts").find((name) =>
      readFileSync(join(local, "contacts", name), "utf8").includes(BOB),
    );
    rmSync(join(local, "contacts", bob!));
    await vdirsyncer("sync");
    expect(await contacts()).toEqual([expect.objectContaining({ address })]);
    await bmbridge(["contact", "remove", address, "--data-dir", data]);
    await vdirsyncer("sync");
    // Carol can still be reached by telephone.
    expect(read("contacts")).toEqual([expect.not.stringContaining("EMAIL")]);
  }, 120_000);
});
