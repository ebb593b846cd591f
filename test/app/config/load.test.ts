import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseEndpoint } from "../../../src/app/config/config.js";
import { exampleConfig } from "../../../src/app/config/example.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { SETTINGS } from "../../../src/app/config/settings.js";
import { networkOptions } from "../../../src/app/network/network-options.js";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fromFile(text: string) {
  const file = join(directory, "config.toml");
  writeFileSync(file, text);
  return loadConfig({ file, environment: {}, assignments: [] });
}

function fromSet(...assignments: string[]) {
  return loadConfig({ file: null, environment: {}, assignments });
}

describe("wrong configuration is named", () => {
  test.each([
    [
      "an unknown key",
      '[node]\n\nlisten = "off"\nlissten = "off"\n',
      /line 4: there is no setting node\.lissten; \[node\] has .*listen/,
    ],
    ["an unknown section", '[nodes]\nlisten = "off"\n', /line 2: there is no setting nodes\.listen/],
    ["a wrong type", '[node]\nmax_outbound = "8"\n', /line 2: .*expected number/i],
    ["a bad address", '[imap]\nlisten = "1143"\n', /line 2: write "host:port"/],
    ["broken TOML", "[imap]\nlisten = \n", /line 2: Invalid TOML/],
    ["a value outside of sections", 'listen = "off"\n', /line 1: "listen" stands outside/],
    [
      "too little work on main",
      "[network]\nmin_trials_per_byte = 10\n",
      /network\.name: .*another name than main/,
    ],
    ["a proxy by name", '[node]\nproxy = "socks5://proxy.example:1080"\n', /line 2: .*the host as an IP/],
    ["onion services without a proxy", "[node]\nonion_only = true\n", /node\.onion_only: .*node\.proxy/],
    [
      "an onion peer without a proxy",
      '[node]\nconnect = ["abc.onion:8444"]\n',
      /node\.connect: abc\.onion:8444/,
    ],
    [
      "an onion service without a listener",
      `[node]\nlisten = "off"\nonion_host = "${"a".repeat(56)}.onion"\n`,
      /node\.onion_host: .*node\.listen/,
    ],
  ])("%s", (_name, text, message) => {
    expect(() => fromFile(text)).toThrow(message);
  });

  test("a missing file, a bad assignment, a bad environment value", () => {
    expect(() => loadConfig({ file: "/nowhere/x.toml", environment: {}, assignments: [] })).toThrow(
      /there is no such file/,
    );
    expect(() => fromSet("node")).toThrow(/--set node: write section\.key=value/);
    expect(() => fromSet("node.bootstrap=yes")).toThrow(/node\.bootstrap: "yes" is not true or false/);
    expect(() => fromSet("node.max_outbound=eight")).toThrow(/"eight" is not a number/);
    expect(() =>
      loadConfig({ file: null, environment: { BMBRIDGE_NODE_PORT: "1" }, assignments: [] }),
    ).toThrow(/BMBRIDGE_NODE_PORT: there is no setting node\.port/);
    expect(() => parseEndpoint("imap.listen", "127.0.0.1:70000")).toThrow(
      /imap\.listen: port 70000 is above 65535/,
    );
  });
});

test("the file, then the environment, then --set", () => {
  const file = join(directory, "order.toml");
  writeFileSync(file, '[node]\nlisten = "127.0.0.1:1"\nmax_outbound = 1\nmax_inbound = 1\n');
  const environment = {
    BMBRIDGE_NODE_MAX_OUTBOUND: "2",
    BMBRIDGE_NODE_MAX_INBOUND: "2",
    BMBRIDGE_OTHER: "x",
  };
  const config = loadConfig({
    file,
    environment,
    assignments: ["node.max_inbound=3", "node.connect=a:1, b:2"],
  });
  expect(config.node).toMatchObject({
    listen: "127.0.0.1:1",
    max_outbound: 2,
    max_inbound: 3,
    connect: ["a:1", "b:2"],
  });
});

test.each([
  [
    ["node.trusted_peer=a:1", "node.connect=b:2"],
    "node.connect: with node.trusted_peer there are no other peers",
  ],
  [
    ["node.trusted_peer=a:1", `node.onion_host=${"a".repeat(56)}.onion`],
    "node.onion_host: with node.trusted_peer nobody is let in",
  ],
  [
    [`node.trusted_peer=${"a".repeat(56)}.onion:1`],
    `node.trusted_peer: ${"a".repeat(56)}.onion:1 is reached through node.proxy only, which is not set`,
  ],
  [["node.trusted_peer=nowhere"], 'node.trusted_peer: write "host:port"'],
  [["node.user_agent=Bridge"], 'node.user_agent: write "/Name:Version/" or "generic"'],
  [["node.max_inventory=5"], "node.max_inventory: write 0 for no limit, or 10000000 or more"],
])("ways that exclude each other: %j", (assignments, message) => {
  const load = () => loadConfig({ file: null, environment: {}, assignments });
  expect(load).toThrow(message);
});

test("the node's settings become options of the node", () => {
  const options = (...assignments: string[]) =>
    networkOptions(loadConfig({ file: null, environment: {}, assignments }));
  expect(options()).toMatchObject({
    trustedPeer: null,
    lanDiscovery: null,
    maxOutbound: 8,
    maxInventory: 2_147_483_648,
    userAgent: "/BitmessageBridge:0.1.0/",
  });
  expect(options("node.user_agent=generic").userAgent).toBe("/PyBitmessage:0.6.3.2/");
  expect(options("node.lan_discovery=true").lanDiscovery).toEqual({
    port: 8444,
    broadcast: "255.255.255.255",
  });
  expect(options("node.trusted_peer=[::1]:8444", "node.max_outbound=0")).toMatchObject({
    trustedPeer: { host: "::1", port: 8444 },
    maxOutbound: 1,
  });
});

test("endpoints", () => {
  expect(parseEndpoint("x", "off")).toBeNull();
  expect(parseEndpoint("x", "[::1]:8444")).toEqual({ host: "::1", port: 8444 });
});

test("config/example.toml is generated from the settings, and is a valid configuration with every line switched on", () => {
  expect(readFileSync("config/example.toml", "utf8")).toBe(exampleConfig());
  const config = fromFile(exampleConfig().replace(/^#(?=[a-z_]+ = )/gm, ""));
  for (const { section, key, value } of SETTINGS) {
    expect((config as unknown as Record<string, Record<string, unknown>>)[section]?.[key]).toEqual(value);
  }
});
