import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Client, readMultistatus, startCardDav, syncTokenOf, THUNDERBIRD } from "./carddav-server.js";
import { MemoryCardDavBackend, PASSWORD } from "./memory-backend.js";

let backend: MemoryCardDavBackend;
let client: Client;

beforeEach(async () => {
  backend = new MemoryCardDavBackend();
  client = await startCardDav(backend, `anna:${PASSWORD}`);
});
afterEach(() => client.stop());

const BOOK = "/dav/addressbooks/anna/contacts/";
const vcard = (uid: string, name: string, ...more: string[]) =>
  ["BEGIN:VCARD", "VERSION:3.0", `UID:${uid}`, `FN:${name}`, `N:;${name};;;`, ...more, "END:VCARD", ""].join(
    "\r\n",
  );
const put = (name: string, text: string, headers: Record<string, string> = {}) =>
  client.ask("PUT", `${BOOK}${name}`, { body: text, headers: { "Content-Type": "text/vcard", ...headers } });
const report = (body: string, path = BOOK) => client.ask("REPORT", path, { body, headers: { Depth: "1" } });
const propfind = (path: string, depth: string, body: string) =>
  client.multistatus("PROPFIND", path, { body, headers: { Depth: depth } });

describe("what is refused", () => {
  test("nobody, a wrong password, what is no login", async () => {
    for (const login of [null, "anna", "anna:wrong", "anna:wrong", "nobody:x"]) {
      const answer = await client.ask("PROPFIND", "/dav/", { login });
      expect([login, answer.status]).toEqual([login, 401]);
      expect(answer.headers["www-authenticate"]).toBe('Basic realm="Bitmessage Bridge", charset="UTF-8"');
    }
    expect(
      (await client.ask("GET", "/dav/", { headers: { Authorization: "Basic !!!" }, login: null })).status,
    ).toBe(401);
    expect(backend.attempts).toBe(3);
  });

  test("a body is not read before the login", async () => {
    const answer = await client.ask("PUT", `${BOOK}x.vcf`, {
      body: "x".repeat(100_000),
      login: "anna:wrong",
    });
    expect(answer.status).toBe(401);
  });

  test("another user's books, as if they were not there", async () => {
    await put("a.vcf", vcard("1", "Al"));
    for (const path of [
      "/dav/addressbooks/bert/",
      "/dav/principals/bert/",
      "/dav/addressbooks/bert/contacts/a.vcf",
    ])
      expect([path, (await client.ask("GET", path)).status]).toEqual([path, 404]);
    const outside = { login: `bert:${PASSWORD}` };
    expect((await client.ask("GET", `${BOOK}a.vcf`, outside)).status).toBe(404);
    expect((await client.ask("DELETE", `${BOOK}a.vcf`, outside)).status).toBe(404);
    expect((await client.ask("PUT", `${BOOK}b.vcf`, { ...outside, body: vcard("2", "B") })).status).toBe(404);
  });

  test("XML with entities, bombs, and what is no XML", async () => {
    const bomb =
      '<!DOCTYPE l [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]><propfind xmlns="DAV:"><prop>&b;</prop></propfind>';
    for (const body of [bomb, "nonsense", "<a/>", "<propfind/>"])
      expect([body, (await client.ask("PROPFIND", BOOK, { body, headers: { Depth: "0" } })).status]).toEqual([
        body,
        400,
      ]);
    expect((await client.ask("REPORT", BOOK, { body: " ".repeat(5_000_000) })).status).toBe(413);
    expect((await client.ask("REPORT", BOOK)).status).toBe(400);
  });

  test("cards that are none, too large or not UTF-8", async () => {
    expect((await put("a.vcf", "hello")).body).toMatch(/<card:valid-address-data>/);
    expect((await put("a.vcf", vcard("", "No UID"))).status).toBe(403);
    expect((await put("a.vcf", vcard("1", "x", `NOTE:${"x".repeat(1_100_000)}`))).status).toBe(413);
    const latin1 = await client.ask("PUT", `${BOOK}a.vcf`, {
      body: Buffer.from(vcard("1", "\xe9"), "latin1"),
    });
    expect(latin1.status).toBe(403);
    expect((await put("a.vcf", vcard("1", "x"), { "Content-Type": "text/html" })).status).toBe(415);
    expect((await put("x".repeat(300), vcard("1", "x"))).status).toBe(403);
    expect(backend.cards({ name: "anna" }, "contacts")).toEqual([]);
  });

  test("changes of a book that is only read, of books and of properties", async () => {
    const own = "/dav/addressbooks/anna/own/x.vcf";
    expect((await client.ask("PUT", own, { body: vcard("1", "x") })).body).toMatch(/<d:need-privileges\/>/);
    expect((await client.ask("DELETE", BOOK)).status).toBe(403);
    expect(
      (await client.ask("PUT", "/dav/addressbooks/anna/new/x.vcf", { body: vcard("1", "x") })).status,
    ).toBe(404);
    expect((await client.ask("PUT", "/dav/elsewhere", { body: vcard("1", "x") })).status).toBe(404);
    for (const method of ["MKCOL", "COPY", "MOVE", "LOCK", "POST"])
      expect([method, (await client.ask(method, `${BOOK}x`)).status]).toEqual([method, 405]);
    const patch = await client.ask("PROPPATCH", BOOK, {
      body: '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set></d:propertyupdate>',
    });
    expect(patch.body).toMatch(/displayname\/><\/d:prop><d:status>HTTP\/1.1 403/);
  });

  test("everything below everything", async () => {
    expect((await client.ask("PROPFIND", "/dav/", { headers: { Depth: "infinity" } })).body).toMatch(
      /propfind-finite-depth/,
    );
    expect((await client.ask("PROPFIND", "/dav/")).status).toBe(403);
  });

  test("reports, filters and versions that there are not", async () => {
    expect((await report('<d:expand-property xmlns:d="DAV:"/>')).body).toMatch(/<d:supported-report\/>/);
    const query = (inside: string) =>
      report(
        `<c:addressbook-query xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:">${inside}</c:addressbook-query>`,
      );
    const match = (attributes: string) =>
      query(
        `<c:filter><c:prop-filter name="FN"><c:text-match ${attributes}>x</c:text-match></c:prop-filter></c:filter>`,
      );
    expect((await match('collation="constructor"')).body).toMatch(/supported-collation/);
    expect((await match('match-type="toString"')).body).toMatch(/supported-filter/);
    expect((await query('<d:prop><c:address-data version="2.1"/></d:prop>')).body).toMatch(
      /supported-address-data/,
    );
    expect((await query("<c:limit><c:nresults>-1</c:nresults></c:limit>")).status).toBe(400);
  });
});

describe("conditions", () => {
  test("nobody overwrites what somebody else has changed", async () => {
    const created = await put("a.vcf", vcard("1", "Al"), { "If-None-Match": "*" });
    expect(created.status).toBe(201);
    const etag = String(created.headers.etag);
    expect((await put("a.vcf", vcard("1", "Bo"), { "If-None-Match": "*" })).status).toBe(412);
    expect((await put("a.vcf", vcard("1", "Bo"), { "If-Match": '"other"' })).status).toBe(412);
    expect((await put("b.vcf", vcard("2", "Bo"), { "If-Match": "*" })).status).toBe(412);
    const changed = await put("a.vcf", vcard("1", "Bo"), { "If-Match": `"x", ${etag}` });
    expect(changed.status).toBe(204);
    expect(changed.headers.etag).not.toBe(etag);
    const gone = (headers: Record<string, string>) => client.ask("DELETE", `${BOOK}a.vcf`, { headers });
    expect((await gone({ "If-Match": etag })).status).toBe(412);
    expect((await gone({ "If-Match": String(changed.headers.etag) })).status).toBe(204);
    expect((await gone({})).status).toBe(404);
  });

  test("a UID stands once in a book", async () => {
    await put("a.vcf", vcard("1", "Al"));
    const second = await put("b.vcf", vcard("1", "Al"));
    expect([second.status, second.body]).toEqual([
      409,
      expect.stringContaining(`<card:no-uid-conflict><d:href>${BOOK}a.vcf</d:href>`),
    ]);
  });

  test("what the client has already is not sent again", async () => {
    const { headers } = await put("a.vcf", vcard("1", "Al"));
    const again = await client.ask("GET", `${BOOK}a.vcf`, {
      headers: { "If-None-Match": String(headers.etag) },
    });
    expect([again.status, again.body]).toEqual([304, ""]);
  });
});

describe("Thunderbird", () => {
  test("discovers the books from the well-known address", async () => {
    const wellKnown = await client.ask("PROPFIND", "/.well-known/carddav", {
      body: THUNDERBIRD.discover,
      login: null,
    });
    expect([wellKnown.status, wellKnown.headers.location]).toEqual([301, "/dav/"]);
    const root = await propfind("/dav/", "0", THUNDERBIRD.discover);
    const href = (told: ReturnType<typeof root.get>, name: string) =>
      told?.properties.get(name)?.children[0]?.text;
    const principal = href(root.get("/dav/"), "current-user-principal");
    expect(principal).toBe("/dav/principals/anna/");
    const home = href(
      (await propfind(principal!, "0", THUNDERBIRD.home)).get(principal!),
      "addressbook-home-set",
    );
    expect(home).toBe("/dav/addressbooks/anna/");
    const books = await propfind(home!, "1", THUNDERBIRD.books);
    expect([...books.keys()]).toEqual([home, BOOK, "/dav/addressbooks/anna/own/"]);
    const book = books.get(BOOK)!;
    expect(book.status).toBe("HTTP/1.1 200 OK");
    expect(book.properties.get("displayname")?.text).toBe("Contacts <&>");
    expect(book.properties.get("resourcetype")?.children.map(({ name }) => name)).toEqual([
      "collection",
      "addressbook",
    ]);
    const privileges = (path: string) =>
      books
        .get(path)
        ?.properties.get("current-user-privilege-set")
        ?.children.map((one) => one.children[0]?.name);
    expect(privileges(BOOK)).toContain("write");
    expect(privileges("/dav/addressbooks/anna/own/")).not.toContain("write");
  });

  test("also from the very top, where a person gives the address of the machine only", async () => {
    expect((await propfind("/", "0", THUNDERBIRD.discover)).get("/dav/")?.properties.size).toBe(1);
  });

  test("lists, fetches, adds, changes and deletes, and hears of others' changes by the token", async () => {
    await put("a.vcf", vcard("1", "Al"));
    const list = await propfind(BOOK, "1", THUNDERBIRD.list);
    const etag = list.get(`${BOOK}a.vcf`)?.properties.get("getetag")?.text;
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const fetched = readMultistatus(
      (await report(THUNDERBIRD.multiget(`${BOOK}a.vcf`, `${BOOK}gone.vcf`))).body,
    );
    expect(fetched.get(`${BOOK}a.vcf`)?.properties.get("address-data")?.text).toBe(vcard("1", "Al"));
    expect(fetched.get(`${BOOK}gone.vcf`)?.status).toBe("HTTP/1.1 404 Not Found");
    const token =
      (await propfind(BOOK, "0", THUNDERBIRD.token)).get(BOOK)?.properties.get("sync-token")?.text ?? "";
    expect(token).not.toBe("");

    const four = vcard("2", "Bo", "EMAIL;PREF=1:bo@bm.localhost").replace("3.0", "4.0");
    expect((await put("b.vcf", four)).status).toBe(201);
    expect((await client.ask("DELETE", `${BOOK}a.vcf`)).status).toBe(204);
    const synced = await report(THUNDERBIRD.sync(token));
    const changes = readMultistatus(synced.body);
    expect([...changes].map(([href, { status }]) => [href, status])).toEqual([
      [`${BOOK}b.vcf`, "HTTP/1.1 200 OK"],
      [`${BOOK}a.vcf`, "HTTP/1.1 404 Not Found"],
    ]);
    // Version 3.0 where none is asked for (RFC 6352 section 10.4).
    expect(changes.get(`${BOOK}b.vcf`)?.properties.get("address-data")?.text).toMatch(
      /VERSION:3.0[\s\S]*EMAIL;TYPE=pref:/,
    );
    const next = syncTokenOf(synced.body);
    expect(readMultistatus((await report(THUNDERBIRD.sync(next))).body).size).toBe(0);
  });

  test("starts afresh when the token is another store's", async () => {
    for (const token of ["urn:bmbridge:sync:99", "urn:bmbridge:sync:-1", "http://elsewhere/1"]) {
      const answer = await report(THUNDERBIRD.sync(token));
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("<d:valid-sync-token/>")]);
    }
  });
});

describe("reports", () => {
  const sync = (token: string, limit: number) =>
    report(
      `<d:sync-collection xmlns:d="DAV:"><d:sync-token>${token}</d:sync-token><d:sync-level>1</d:sync-level>
       <d:limit><d:nresults>${limit}</d:nresults></d:limit><d:prop><d:getetag/></d:prop></d:sync-collection>`,
    );

  test("a limited synchronisation goes on where it ended, and misses nothing", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await put(`${name}.vcf`, vcard(name, name));
    await client.ask("DELETE", `${BOOK}b.vcf`);
    const seen: string[] = [];
    let token = "";
    for (let round = 0; round < 5; round++) {
      const { body } = await sync(token, 2);
      token = syncTokenOf(body);
      const told = [...readMultistatus(body).keys()].filter((href) => href !== BOOK);
      seen.push(...told.map((href) => href.slice(BOOK.length)));
      if (!body.includes("507")) break;
    }
    // The last one is told as gone.
    expect(seen).toEqual(["a.vcf", "c.vcf", "d.vcf", "e.vcf", "b.vcf"]);
    expect(readMultistatus((await sync(token, 2)).body).size).toBe(0);
  });

  test("queries find by text, absence and parameters, in any case", async () => {
    await put("a.vcf", vcard("1", "Älice", "EMAIL;TYPE=home:a@bm.localhost", "NOTE:x"));
    await put("b.vcf", vcard("2", "Bob", "EMAIL;TYPE=work:b@bm.localhost"));
    const find = async (filter: string) => {
      const { body } = await report(
        `<c:addressbook-query xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><d:getetag/></d:prop><c:filter test="allof">${filter}</c:filter></c:addressbook-query>`,
      );
      return [...readMultistatus(body).keys()].map((href) => href.slice(BOOK.length));
    };
    const text = (property: string, value: string, attributes = "") =>
      `<c:prop-filter name="${property}"><c:text-match ${attributes}>${value}</c:text-match></c:prop-filter>`;
    expect(await find(text("FN", "äLI", 'match-type="starts-with"'))).toEqual(["a.vcf"]);
    expect(await find(text("fn", "o", 'collation="i;octet"'))).toEqual(["b.vcf"]);
    expect(await find(text("FN", "bob", 'match-type="equals" negate-condition="yes"'))).toEqual(["a.vcf"]);
    expect(await find('<c:prop-filter name="NOTE"><c:is-not-defined/></c:prop-filter>')).toEqual(["b.vcf"]);
    expect(await find('<c:prop-filter name="NOTE"/>')).toEqual(["a.vcf"]);
    const work = '<c:param-filter name="TYPE"><c:text-match>WORK</c:text-match></c:param-filter>';
    expect(await find(`<c:prop-filter name="EMAIL">${work}</c:prop-filter>`)).toEqual(["b.vcf"]);
    expect(await find(text("EMAIL", "localhost") + text("FN", "b"))).toEqual(["b.vcf"]);
    expect(await find("")).toEqual(["a.vcf", "b.vcf"]);
  });

  test("only the asked properties, in the asked version", async () => {
    await put("a.vcf", vcard("1", "Al", "NOTE:secret"));
    const { body } = await report(
      `<c:addressbook-multiget xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><c:address-data content-type="text/vcard" version="4.0"><c:prop name="FN"/><c:prop name="UID"/></c:address-data></d:prop><d:href>http://localhost${BOOK}a.vcf</d:href></c:addressbook-multiget>`,
    );
    const data = readMultistatus(body).get(`${BOOK}a.vcf`)?.properties.get("address-data")?.text;
    expect(data).toBe("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Al\r\nEND:VCARD\r\n");
    const got = await client.ask("GET", `${BOOK}a.vcf`, { headers: { Accept: "text/vcard; version=4.0" } });
    expect(got.body).toMatch(/VERSION:4.0/);
  });
});

test("names of every kind", async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,40}$/u), async (name) => {
      if (name === "." || name === "..") return;
      const path = `${BOOK}${encodeURIComponent(name)}`;
      expect((await client.ask("PUT", path, { body: vcard(name, "x") })).status).toBe(201);
      expect([...(await propfind(path, "0", THUNDERBIRD.list)).keys()]).toEqual([path]);
      expect((await client.ask("DELETE", path)).status).toBe(204);
    }),
    { numRuns: 25 },
  );
});

test("requests whose answers would fill the memory, or take minutes, are small ones", async () => {
  await put("a.vcf", vcard("a", "Anna", `NOTE:${"x".repeat(100_000)}`));
  const card = 'xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"';
  const hrefs = `<D:href>${BOOK}a.vcf</D:href>`.repeat(20_000);
  const many = await report(
    `<C:addressbook-multiget ${card}><D:prop><C:address-data/></D:prop>${hrefs}</C:addressbook-multiget>`,
  );
  expect([many.status, many.body.length < 200_000]).toEqual([207, true]);
  const properties = "<D:x/>".repeat(10_000);
  const asked = await report(`<D:propfind ${card}><D:prop>${properties}</D:prop></D:propfind>`);
  expect(asked.status).toBe(403);
  const found = await client.ask("PROPFIND", BOOK, {
    body: `<D:propfind ${card}><D:prop>${properties}</D:prop></D:propfind>`,
    headers: { Depth: "1" },
  });
  expect(found.status).toBe(400);
  const conditions = '<C:prop-filter name="FN"><C:text-match>a</C:text-match></C:prop-filter>'.repeat(10_000);
  const query = await report(
    `<C:addressbook-query ${card}><D:prop/><C:filter>${conditions}</C:filter></C:addressbook-query>`,
  );
  expect([query.status, query.body.includes("supported-filter")]).toEqual([403, true]);
});

test("hostile requests are answered, and the server lives", async () => {
  const methods = fc.constantFrom("PROPFIND", "REPORT", "PUT", "PROPPATCH", "GET", "DELETE");
  const path = fc.constantFrom("/dav/", BOOK, `${BOOK}x.vcf`, "/dav/addressbooks/anna//", "/dav//contacts/");
  const pieces = fc.constantFrom(
    "<d:prop>",
    "</d:prop>",
    '<d:propfind xmlns:d="DAV:">',
    "</d:propfind>",
    "<![CDATA[",
    "&#x0;",
    "BEGIN:VCARD\n",
    "END:VCARD",
    ":",
    "\u0000",
    "<",
  );
  await fc.assert(
    fc.asyncProperty(methods, path, fc.array(fc.oneof(pieces, fc.string())), async (method, where, parts) => {
      const answer = await client.ask(method, where, { body: parts.join(""), headers: { Depth: "1" } });
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 60 },
  );
});
