/** Port 80, which systemd opens for the service (config/bmbridge-autoconfig.socket): a socket handed over as systemd does it. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { MAIN, setOptions, TEST_SETTINGS, temporaryDirectory } from "../support/running-node.js";

const directory = temporaryDirectory();
let listener: Server | null = null;
let kill = () => {};
afterEach(() => {
  kill();
  listener?.close();
  directory.remove();
});

function ask(port: number, host: string): Promise<{ status: number; text: string }> {
  const path = "/mail/config-v1.1.xml?emailaddress=x%40bm.localhost";
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    }).on("error", reject);
  });
}

test("settings are served on a socket that comes with the process", async () => {
  const server = createServer();
  listener = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const handle = (server as unknown as { _handle: { fd: number } })._handle.fd;
  const settings = TEST_SETTINGS.filter((one) => !one.startsWith("web.autoconfig"));
  const child = spawn(
    "sh",
    [
      "-c",
      'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=autoconfig exec "$@"',
      "sh",
      process.execPath,
      MAIN,
      "start",
      "--json",
      "--data-dir",
      directory.path,
      ...setOptions(settings),
    ],
    { stdio: ["ignore", "pipe", "inherit", handle] },
  );
  kill = () => child.kill("SIGKILL");
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    void ended.then((status) => reject(new Error(`it ended with ${status}`)));
  });
  const ready = JSON.parse(line);
  // From here on only the bridge accepts.
  server.close();
  const found = await ask(port, "autoconfig.bm.localhost");
  expect(found.status).toBe(200);
  expect(found.text).toContain(`<port>${ready.imap.split(":").at(-1)}</port>`);
  expect((await ask(port, "evil.example")).status).toBe(421);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test("systemd has nothing to say against the units", () => {
  const units = mkdtempSync(join(tmpdir(), "bmbridge-units-"));
  try {
    mkdirSync(join(units, "bin"));
    for (const name of ["bmbridge.service", "bmbridge-autoconfig.socket"]) {
      // The command need not be installed where this is tested.
      const text = readFileSync(join("config", name), "utf8").replaceAll(
        "/usr/bin/bmbridge",
        process.execPath,
      );
      writeFileSync(join(units, name), text);
    }
    const verified = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", "--recursive-errors=no", "bmbridge.service", "bmbridge-autoconfig.socket"],
      { encoding: "utf8", env: { ...process.env, SYSTEMD_UNIT_PATH: `${units}:` }, cwd: units },
    );
    expect({ status: verified.status, said: verified.stderr.match(/bmbridge.*/g) ?? [] }).toEqual({
      status: 0,
      said: [],
    });
  } finally {
    rmSync(units, { recursive: true });
  }
});
