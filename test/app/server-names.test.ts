import { hostname } from "node:os";
import { expect, test } from "@jest/globals";
import { loadConfig } from "../../src/app/config/load.js";
import { publicName, serverNames } from "../../src/app/server-names.js";

const config = (...assignments: string[]) => loadConfig({ file: null, environment: {}, assignments });
const machine = hostname().toLowerCase();

test("on loopback a certificate is for loopback alone", () => {
  expect(serverNames(config())).toEqual(["localhost", "bm.localhost"]);
});

test("beyond loopback for the machine's name, the one that people call it, and addresses of its own", () => {
  expect(serverNames(config("imap.listen=0.0.0.0:993"))).toEqual(["localhost", "bm.localhost", machine]);
  const chosen = config(
    "imap.listen=192.0.2.7:993",
    "smtp.listen=[::]:465",
    "mail.server_name=Mail.example.net",
  );
  expect(serverNames(chosen)).toEqual([
    "localhost",
    "bm.localhost",
    "mail.example.net",
    machine,
    "192.0.2.7",
  ]);
  expect(publicName(chosen)).toBe("Mail.example.net");
});
