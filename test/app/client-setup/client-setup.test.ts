import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type ClientFacts, clientFacts } from "../../../src/app/client-setup/client-facts.js";
import { makeClientFile } from "../../../src/app/client-setup/client-files.js";
import { createDiscoveryHandler } from "../../../src/app/client-setup/discovery-handler.js";
import { MAIL_CLIENTS } from "../../../src/app/client-setup/mail-clients.js";
import { autoconfig, autodiscover, mobileconfig } from "../../../src/app/client-setup/xml-documents.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { createHttpServer, type HttpServer } from "../../../src/http/server.js";
import { parseXml } from "../../../src/mail/carddav/xml-parser.js";

const facts: ClientFacts = {
  user: "anna",
  domain: "bm.localhost",
  identities: [
    { label: "Work <&>", mail_address: "BM-a@bm.localhost" },
    { label: "", mail_address: "BM-b@bm.localhost" },
  ],
  imap: { host: "localhost", port: 1143, security: "off" },
  smtp: { host: "localhost", port: 1025, security: "off" },
  web: "http://localhost:8025/",
  autoconfig: false,
  authority_file: null,
};
const server = { host: "box.example", port: 993, security: "implicit" } as const;
const encrypted: ClientFacts = {
  ...facts,
  imap: server,
  smtp: { ...server, port: 587, security: "starttls" },
  authority_file: "/data/tls/authority.pem",
};
const elements = (text: string) => parseXml(new TextEncoder().encode(text.replace(/<!DOCTYPE[^>]*>/, "")));

describe("facts", () => {
  const config = loadConfig({
    file: null,
    environment: {},
    assignments: ["imap.listen=0.0.0.0:2143", "smtp.listen=off"],
  });
  const known = { config, user: "anna", identities: [], authorityFile: "/a.pem" };

  test("from the settings while no node runs: loopback is called localhost, everything else has TLS", () => {
    expect(clientFacts({ ...known, endpoints: null })).toMatchObject({
      imap: { port: 2143, security: "implicit" },
      smtp: null,
      web: "http://localhost:8025/",
      authority_file: "/a.pem",
    });
  });

  test("from where a node listens while it runs", () => {
    const endpoints = { p2p: null, imap: null, smtp: "[::1]:999", web: null };
    expect(clientFacts({ ...known, endpoints })).toMatchObject({
      imap: null,
      smtp: { host: "localhost", port: 999, security: "off" },
      web: null,
      authority_file: null,
    });
  });
});

describe("documents", () => {
  test("Thunderbird's has the address filled in by the client, and says nobody's name", () => {
    const text = autoconfig(facts);
    expect(text).not.toContain("anna");
    const provider = elements(text).children[0]!;
    const imap = provider.children.find(({ name }) => name === "incomingServer")!;
    expect(imap.children.map(({ name, text: value }) => [name, value])).toEqual([
      ["hostname", "localhost"],
      ["port", "1143"],
      ["socketType", "plain"],
      ["authentication", "password-cleartext"],
      ["username", "%EMAILADDRESS%"],
    ]);
    expect(autoconfig(encrypted)).toMatch(/<socketType>SSL<[\s\S]*<socketType>STARTTLS</);
    expect(elements(autoconfig({ ...facts, imap: null, web: null })).children).toHaveLength(1);
  });

  test("Apple's has an account for each address, the same each time, and the authority where there is TLS", () => {
    const text = mobileconfig(facts, null);
    expect(mobileconfig(facts, null)).toBe(text);
    expect(text.match(/com\.apple\.mail\.managed/g)).toHaveLength(2);
    expect(text).toContain("<string>Work &lt;&amp;&gt;</string>");
    expect(text).toContain("<key>IncomingMailServerUseSSL</key><false/>");
    elements(text);
    const authority = mobileconfig(
      encrypted,
      "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n",
    );
    expect(authority).toContain("<data>AAAABBBB</data>");
    expect(authority).toContain("<key>IncomingMailServerUseSSL</key><true/>");
  });

  test("whatever a label is, they are well-formed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (label) => {
        const clean = label.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "");
        elements(mobileconfig({ ...facts, identities: [{ label: clean, mail_address: "x@y" }] }, null));
        elements(autodiscover(facts, clean));
      }),
    );
  });

  test("each program's file has servers, ports and user, and no word that is not filled in", () => {
    for (const name of MAIL_CLIENTS) {
      if (name === "apple") continue;
      for (const one of [facts, encrypted, { ...facts, imap: null, smtp: null, web: null, identities: [] }]) {
        const text = makeClientFile(name, one).text;
        expect(text).not.toMatch(/undefined|null|NaN|\[object/);
        if (one.imap !== null && name !== "msmtp")
          expect([name, text]).toEqual([name, expect.stringContaining(String(one.imap.port))]);
      }
    }
    expect(makeClientFile("thunderbird", facts).text).toContain("mailnews.auto_config_url");
    expect(makeClientFile("thunderbird", { ...facts, autoconfig: true }).text).toContain(
      "finds all by itself",
    );
    expect(makeClientFile(null, facts).text).toContain("localhost, port 1025");
  });
});

describe("what clients ask for by themselves", () => {
  let running: HttpServer | null = null;
  afterEach(async () => {
    await running?.stop();
  });

  test("is answered to everybody; an answer repeats a mail address only, and that harmlessly", async () => {
    running = createHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      handler: createDiscoveryHandler(() => facts),
    });
    const { port } = await running.start();
    const base = `http://127.0.0.1:${port}`;
    const found = await fetch(`${base}/mail/config-v1.1.xml?emailaddress=x%40bm.localhost`);
    expect(found.headers.get("content-type")).toBe("text/xml; charset=utf-8");
    expect(await found.text()).toBe(autoconfig(facts));
    expect((await fetch(`${base}/mail/config-v1.1.xml`, { method: "POST" })).status).toBe(405);
    const ask = (address: string) =>
      fetch(`${base}/Autodiscover/Autodiscover.xml`, {
        method: "POST",
        body: `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>${address}</EMailAddress></Request></Autodiscover>`,
      });
    const answer = await (await ask("a&lt;b@bm.localhost")).text();
    expect(answer).toContain("<LoginName>a&lt;b@bm.localhost</LoginName>");
    elements(answer);
    for (const wrong of ["", "no", "<x/>", "&evil;", "a b@c"])
      expect([wrong, (await ask(wrong)).status]).toEqual([wrong, 400]);
  });
});
