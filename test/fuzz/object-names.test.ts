/** Names that every object of JavaScript has, wherever somebody outside may choose a name. */

import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { encode } from "@msgpack/msgpack";
import { readJsonRpc } from "../../src/app/api/json-rpc.js";
import { readXmlRpcCall } from "../../src/app/api/xml-rpc.js";
import { loadWithOrigins } from "../../src/app/config/load.js";
import { ACTIONS, parametersOf } from "../../src/app/web/page/actions.js";
import { decodeContent, encodeExtended } from "../../src/bitmessage/protocol/content.js";
import { parseVCard } from "../../src/mail/carddav/vcard.js";
import { digestMessage } from "../../src/mail/imap/make-digest.js";
import { decodeText } from "../../src/mail/mime/charset.js";
import { parseMime } from "../../src/mail/mime/parse.js";
import { type ApiWorld, createApiWorld } from "../app/api/world.js";
import { SessionTarget } from "./session-target.js";
import { latin1 } from "./target.js";

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then"];
const ADDRESS = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(async () => {
  await world.close();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each(NAMES)("IMAP: a mailbox, keywords and fields called %s", async (name) => {
  const target = new SessionTarget(null);
  await target.fill();
  const mail = `${name}: x\r\nSubject: ${name}\r\nContent-Type: text/plain; ${name}=1; charset=${name}\r\n\r\nx\r\n`;
  const commands = [
    `CREATE ${name}/${name}`,
    `APPEND ${name}/${name} (${name}) {${mail.length}+}\r\n${mail}`,
    `SELECT ${name}/${name}`,
    `STORE 1 +FLAGS (${name})`,
    `SEARCH KEYWORD ${name} HEADER ${name} x`,
    `FETCH 1 (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (${name})])`,
    `STATUS ${name}/${name} (MESSAGES)`,
    `RENAME ${name} ${name}2`,
  ];
  const lines = commands.map((command, number) => `f${number} ${command}\r\n`).join("");
  const output = await target.run("authenticated", [lines]);
  for (const number of commands.keys()) expect(output).toContain(`\r\nf${number} OK `);
  expect(output).toContain(`FLAGS (`);
  expect(output).not.toContain("native code");
  for (const wrong of [
    `SEARCH ${name}`,
    `FETCH 1 ${name}`,
    `STATUS INBOX (${name})`,
    `SORT (${name}) UTF-8 ALL`,
    `THREAD ${name} UTF-8 ALL`,
    name,
  ])
    expect(await target.run("selected", [`w1 ${wrong}\r\n`])).toMatch(/\r\nw1 BAD /);
});

test.each(NAMES)("messages: fields, keys and files called %s", (name) => {
  const map = {
    "": "message",
    subject: name,
    body: name,
    [name.toLowerCase()]: name,
    files: [{ name, data: latin1("x"), [name]: "y" }],
  };
  const content = decodeContent(3, deflateSync(encode(Object.assign(Object.create(null), map))));
  expect(content).toMatchObject({ subject: name, body: name });
  expect(Object.getPrototypeOf((content as { headers: object }).headers)).toBe(Object.prototype);
  expect(encodeExtended({ subject: name, body: name }).length).toBeGreaterThan(0);
  const mail = latin1(
    `Date: 1 Jan 2020 10:00:00 ${name}\nContent-Type: ${name}/${name}; ${name}=${name}\nContent-Transfer-Encoding: ${name}\n\nx`,
  );
  parseMime(mail);
  const digest = digestMessage(mail);
  expect(Object.values(digest).filter((value) => Number.isNaN(value))).toEqual([]);
  expect(decodeText(latin1("x"), name)).toBe("x");
});

test.each(NAMES)("the API: methods, members and labels called %s", async (name) => {
  expect(await world.refusal(name)).toMatch(/Invalid method/);
  const struct = `<methodCall><methodName>add</methodName><params><param><value><struct><member><name>${name}</name><value>1</value></member></struct></value></param></params></methodCall>`;
  const [member] = readXmlRpcCall(latin1(struct)).parameters;
  expect(Object.entries(member as object)).toEqual([[name, "1"]]);
  const { calls } = readJsonRpc(latin1(`{"method":"add","params":[{"${name}":1}],"id":1,"${name}":{"x":1}}`));
  expect(calls[0]).toMatchObject({ method: "add" });
  expect(await world.refusal("enableAddress", ADDRESS, { [name]: 1 } as never)).not.toMatch(/accepted/);
  await world.call("addAddressBookEntry", ADDRESS, base64(name));
  expect(JSON.stringify(await world.call("listAddressBookEntries"))).toContain(base64(name));
  await world.call("deleteAddressBookEntry", ADDRESS);
  const address: string = await world.call("createRandomAddress", base64(name));
  expect(JSON.stringify(await world.call("listAddresses"))).toContain(`"label":"${name}"`);
  await world.call("deleteAddress", address);
  expect(world.errors).toEqual([]);
});

test.each(NAMES)("settings, forms and cards called %s", (name) => {
  const load =
    (text: string, ...assignments: string[]) =>
    () =>
      loadWithOrigins({ file: "x", environment: {}, assignments }, text);
  expect(load(`[${name}]\nx = 1\n`)).toThrow(/there is no setting/);
  expect(load(`[node]\n${name} = 1\n`)).toThrow(/there is no setting/);
  expect(load(`[[delivery]]\n${name} = 1\n`)).toThrow(/delivery/);
  expect(load("", `node.${name.toLowerCase().replace(/[^a-z_]/g, "")}=1`)).toThrow(/there is no setting/);
  for (const action of ACTIONS.values()) {
    const given = parametersOf(action, new URLSearchParams({ [name]: "1", label: name }));
    expect(Object.getPrototypeOf(given)).toBe(Object.prototype);
  }
  expect(ACTIONS.get(`/${name}`)).toBeUndefined();
  const word = name.replaceAll("_", "-");
  expect(
    parseVCard(`BEGIN:VCARD\nVERSION:4.0\nFN;${word}=${word}:x\n${word}:y\nEND:VCARD\n`).lines,
  ).toHaveLength(2);
});
