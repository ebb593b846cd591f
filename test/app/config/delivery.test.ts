import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadConfig } from "../../../src/app/config/load.js";
import { checkSecrets, createTransport } from "../../../src/app/transports.js";

const folder = mkdtempSync(join(tmpdir(), "delivery-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "config.toml");

function load(text: string, assignments: string[] = []) {
  writeFileSync(file, text);
  return loadConfig({ file, environment: {}, assignments });
}

const lmtp = '[[delivery]]\nname = "home"\ntype = "lmtp"\nserver = "127.0.0.1:24"\n';

describe("wrong delivery targets are named with their line", () => {
  test.each([
    ["one bracket", '[delivery]\nname = "home"\n', /line 1: .*\[\[delivery\]\]/],
    ["no name", '[[delivery]]\ntype = "lmtp"\n', /line 1: delivery\.name: is missing/],
    ["an unknown type", '[[delivery]]\nname = "a"\ntype = "pigeon"\n', /line 3: delivery\.type/],
    ["an unknown key", `${lmtp}folder = "x"\n`, /line 5: .*no "folder"/],
    ["a second one of that name", `${lmtp}\n${lmtp}`, /line 7: another delivery target is called "home"/],
    ["a wrong key of the second", `${lmtp}\n# x\n[[delivery]]\nname = "B"\ntype = "lmtp"\n`, /line 8: .*a-z/],
    ["the smarthost's name", lmtp.replace("home", "relay"), /line 2: "relay" names the smarthost/],
    ["no such port", lmtp.replace(":24", ":99999"), /line 4: .*host:port/],
    ["a number for a text", lmtp.replace('"127.0.0.1:24"', "24"), /line 4: delivery\.server/],
    ["a user without a password", `${lmtp}username = "a"\n`, /line 5: .*password_file/],
    ["a password without a user", `${lmtp}password_env = "A"\n`, /line 1: .*no username/],
    [
      "a password in the clear",
      `${lmtp.replace("127.0.0.1", "mail.example.org")}username = "a"\npassword_env = "A"\ntls = "off"\n`,
      /line 7: a password goes over TLS only/,
    ],
    ["no such address", `${lmtp}addresses = ["BM-nobody"]\n`, /line 5: .*no Bitmessage address/],
    ["no such kind", `${lmtp}kinds = ["spam"]\n`, /line 5: delivery\.kinds/],
    ["nobody", `${lmtp}users = []\n`, /line 5: delivery\.users: is empty/],
    [
      "no account",
      '[[delivery]]\nname = "a"\ntype = "imap"\nserver = "h:993"\n',
      /line 1: delivery\.username/,
    ],
    [
      "a command by name",
      '[[delivery]]\nname = "a"\ntype = "command"\ncommand = ["procmail"]\n',
      /line 4: .*absolute path/,
    ],
    ["a command in one text", '[[delivery]]\nname = "a"\ntype = "command"\ncommand = "x"\n', /line 4/],
    [
      "a webhook in the clear",
      '[[delivery]]\nname = "a"\ntype = "webhook"\nurl = "http://example.org/"\n',
      /line 4: mail goes over https only/,
    ],
    [
      "a password in a URL",
      '[[delivery]]\nname = "a"\ntype = "webhook"\nurl = "https://me:secret@example.org/"\n',
      /line 4: a password in the URL/,
    ],
    ["no URL", '[[delivery]]\nname = "a"\ntype = "webhook"\nurl = "file:///etc/passwd"\n', /line 4/],
  ])("%s", (_name, text, message) => {
    expect(() => load(text)).toThrow(message);
  });

  test("no error repeats a secret", () => {
    const text = '[[delivery]]\nname = "a"\ntype = "webhook"\nurl = "https://me:hunter2@example.org/"\n';
    expect(() => load(text)).toThrow(/^((?!hunter2).)*$/s);
  });
});

describe("the smarthost", () => {
  test.each([
    ["a login without a password", ["smtp.relay_user=a"], /smtp\.relay_user: give its password/],
    ["a password without a login", ["smtp.relay_password_env=A"], /smtp\.relay_user: .*no login/],
    [
      "a password in the clear",
      ["smtp.relay=h.example:25", "smtp.relay_user=a", "smtp.relay_password_env=A", "smtp.relay_tls=off"],
      /smtp\.relay_tls: /,
    ],
    ["no address", ["smtp.relay=example.org"], /smtp\.relay: write "host:port"/],
    ["an address twice", ["mail.addresses=a=x@example.org,b=X@example.org"], /given to a and to b/],
    ["an address without its owner", ["mail.addresses=x@example.org"], /mail\.addresses: /],
    ["a network that is none", ["smtp.trusted_networks=10.0.0.0/33"], /smtp\.trusted_networks: /],
    ["everybody by name", ["smtp.trusted_networks=localhost"], /smtp\.trusted_networks: /],
  ])("%s", (_name, assignments, message) => {
    expect(() => load("", assignments)).toThrow(message);
  });
});

test("a target with its defaults", () => {
  expect(load(lmtp).delivery).toEqual([
    {
      name: "home",
      type: "lmtp",
      server: "127.0.0.1:24",
      tls: "auto",
      sender: "",
      kinds: ["message", "chan", "broadcast", "report"],
    },
  ]);
  expect(load("").delivery).toEqual([]);
});

test("what is missing of a password is told before anything starts, with its setting", () => {
  const login = `${lmtp}username = "a"\n`;
  const missing = load(`${login}password_file = "${join(folder, "nothing")}"\n`);
  expect(() => checkSecrets(missing)).toThrow(/delivery "home"\.password: .*cannot be read \(ENOENT\)/);
  const unset = load(`${login}password_env = "BMBRIDGE_NO_SUCH"\n`);
  expect(() => checkSecrets(unset)).toThrow(/delivery "home"\.password: .*BMBRIDGE_NO_SUCH is not set/);
  writeFileSync(join(folder, "password"), "secret\nmore\n");
  expect(() => checkSecrets(load(`${login}password_file = "${join(folder, "password")}"\n`))).not.toThrow();
});

test("authorities that cannot be read are named", () => {
  const [target] = load(`${lmtp}authorities_file = "/nowhere.pem"\n`).delivery;
  expect(() => createTransport(target!, { name: "x" })).toThrow(/delivery "home"\.authorities_file/);
});
