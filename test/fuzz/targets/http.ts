/** What comes by HTTP: address books, the API, the web page, and programs that look for settings. */
import { createApiHandler } from "../../../src/app/api/api-handler.js";
import { readJsonRpc } from "../../../src/app/api/json-rpc.js";
import { readXmlRpcCall, writeXmlRpcResult } from "../../../src/app/api/xml-rpc.js";
import { createDiscoveryHandler } from "../../../src/app/client-setup/discovery-handler.js";
import { createPageHandler } from "../../../src/app/web/page/page-handler.js";
import { acceptedVersion } from "../../../src/mail/carddav/address-data.js";
import { createCardDavHandler } from "../../../src/mail/carddav/handler.js";
import { formatVCard, parseVCard } from "../../../src/mail/carddav/vcard.js";
import { asVersion } from "../../../src/mail/carddav/vcard-version.js";
import { writeXml, type XmlElement, type XmlNode } from "../../../src/mail/carddav/xml.js";
import { parseXml } from "../../../src/mail/carddav/xml-parser.js";
import { type ApiWorld, createApiWorld } from "../../app/api/world.js";
import { MemoryCardDavBackend, PASSWORD } from "../../mail/carddav/memory-backend.js";
import { answerTo, bodyOf, readRequestText } from "../request.js";
import { expectSame, type FuzzTarget, latin1, refusing, textOf, utf8Of } from "../target.js";

const anna = `Basic ${Buffer.from(`anna:${PASSWORD}`).toString("base64")}`;
const card =
  'BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Anna\r\nitem1.EMAIL;TYPE="a,b";PREF=1:a@b\r\nPHOTO:data:image/png;base64,QUJD\r\nNOTE:a\\,b\\nc\r\nEND:VCARD\r\n';

function readCard(input: Uint8Array): void {
  const read = refusing(["VCardError"], () => parseVCard(utf8Of(input)));
  acceptedVersion(utf8Of(input));
  if (!read) return;
  const again = parseVCard(formatVCard(read));
  expectSame("card", formatVCard(again), formatVCard(read));
  for (const version of ["3.0", "4.0"] as const) parseVCard(formatVCard(asVersion(read, version)));
}

function readDocument(input: Uint8Array): void {
  const root = refusing(["XmlError"], () => parseXml(input));
  if (root) expectSame("XML", shape(parseXml(Buffer.from(writeXml(asNode(root))))), shape(root));
}

/** Without what stands between elements, and without attributes, whose prefixes are gone. */
function shape({ namespace, name, text, children }: XmlElement): unknown {
  return [namespace, name, children.length === 0 ? text : "", children.map(shape)];
}

function asNode({ namespace, name, text, children }: XmlElement): XmlNode {
  return { namespace, name, content: children.length === 0 ? [text] : children.map(asNode) } as XmlNode;
}

let books = createCardDavHandler({ backend: new MemoryCardDavBackend() });
let asked = 0;

async function askBooks(input: Uint8Array): Promise<void> {
  asked += 1;
  if (asked % 500 === 0) books = createCardDavHandler({ backend: new MemoryCardDavBackend() });
  const request = readRequestText(input);
  if (request === null) return;
  const header = (name: string) => (name === "authorization" ? anna : request.header(name));
  const response = await answerTo(books, { ...request, header });
  if (response.status === 207) parseXml(Buffer.from(bodyOf(response)));
}

const open = {
  username: "anna",
  password: () => PASSWORD,
  user: () => "anna",
  logins: {
    guarded: (_name: string, _origin: unknown, check: () => unknown) => check(),
    authenticate: () => null,
  },
};

let world: ApiWorld | null = null;
let worldInputs = 0;

/** The first octet says whose variant it is; the rest is the body. */
async function callApi(input: Uint8Array): Promise<void> {
  worldInputs += 1;
  if (worldInputs % 2000 === 0) await closeWorld();
  world ??= await createApiWorld();
  const variant = (["xml", "json", "legacy"] as const)[(input[0] ?? 0) % 3]!;
  // An address with two zero bytes is looked for for minutes, and does not keep others waiting.
  const body = latin1(
    textOf(input.subarray(1)).replaceAll(/<boolean>\s*1|true/g, (yes) =>
      yes === "true" ? "null" : "<boolean>0",
    ),
  );
  const dispatcher = world.dispatcher(variant);
  const handler = createApiHandler({ ...open, variant, dispatcher } as never);
  const request = readRequestText(latin1(`POST / HTTP/1.1\nauthorization: ${anna}\ncontent-type: text/xml`))!;
  const { body: answer = "" } = await answerTo(handler, { ...request, body: async () => body });
  const text = typeof answer === "string" ? answer : utf8Of(answer);
  if (text.includes("an error of its own")) throw new Error(`an error of our own: ${describe(world.errors)}`);
  if (variant !== "json") parseXml(Buffer.from(text));
  else if (text !== "") JSON.parse(text);
  const call = refusing(["MalformedCall"], () => (variant === "json" ? null : readXmlRpcCall(body)));
  refusing(["MalformedCall"], () => readJsonRpc(body));
  if (call) parseXml(Buffer.from(writeXmlRpcResult(call.parameters as never)));
}

function describe(errors: readonly unknown[]): string {
  return JSON.stringify(errors.at(-1), (_key, value) => (value instanceof Error ? value.stack : value));
}

async function closeWorld(): Promise<void> {
  await world?.close();
  world = null;
}

/** Stands for whatever a page shows besides: it has every property, can be called, and is a short text. */
const anything: unknown = new Proxy(() => anything, {
  get: (_target, name) => {
    if (name === Symbol.toPrimitive) return () => "1";
    if (name === Symbol.iterator) return () => [][Symbol.iterator]();
    if (name === "then") return undefined;
    return name === "toString" ? () => "1" : anything;
  },
});

function withAnything(known: object): never {
  return new Proxy(known, {
    get: (target, name) => Reflect.get(target, name) ?? (name === "then" ? undefined : anything),
  }) as never;
}

const session = { user: "anna", formToken: "token", notice: null };
const answers: Readonly<Record<string, object>> = {
  "queue.show": { id: "q1", from: "BM-a", to: "BM-b", subject: "x", state: "proof-of-work", kind: "msg" },
  "client.settings": {
    identities: [],
    imap: null,
    smtp: null,
    web: null,
    file: { name: "x", type: "text/plain", text: "" },
  },
  status: { trouble: null, peers: [] },
};
const methods = new Proxy(
  {},
  {
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: null }),
    get: (_target, name) => () => withAnything(answers[String(name)] ?? []),
  },
);
const page = createPageHandler({
  methods,
  authenticator: { authenticate: async () => null },
  sessions: {
    find: (id: string | null) => (id === "x" ? session : null),
    isLoginToken: () => true,
    loginToken: () => "t",
    begin: () => "x",
    end: () => {},
  },
  surroundings: () => ({
    domain: "bm.localhost",
    samples: { add: () => {}, since: () => [], removeBefore: () => {} },
    now: 1_700_000_000,
  }),
  owner: {
    logLines: () => [],
    logLevel: () => "info",
    settings: () => ({ file: "f", problem: null, rows: [] }),
    change: () => "now",
  },
  isOwner: () => true,
  localUserOf: () => null,
} as never);

async function askPage(input: Uint8Array): Promise<void> {
  const request = readRequestText(input);
  if (request === null) return;
  const text = bodyOf(await answerTo(page, request));
  if (/<xss/i.test(text) || text.includes("\0")) throw new Error("markup of a stranger's");
}

const facts = {
  domain: "bm.localhost",
  imap: { host: "127.0.0.1", port: 1, security: "off" },
  smtp: { host: "127.0.0.1", port: 2, security: "off" },
  web: null,
};
const discovery = createDiscoveryHandler(() => facts as never);

async function askSettings(input: Uint8Array): Promise<void> {
  const request = readRequestText(latin1("POST /autodiscover/autodiscover.xml HTTP/1.1"))!;
  const response = await answerTo(discovery, { ...request, body: async () => input.slice() });
  if (response.status === 200) parseXml(Buffer.from(bodyOf(response)));
}

const dav = (method: string, path: string, body: string): Uint8Array =>
  latin1(`${method} ${path} HTTP/1.1\ndepth: 1\n\n${body}`);
const davSeeds = [
  dav("PUT", "/dav/addressbooks/anna/contacts/a.vcf", card),
  dav(
    "PROPFIND",
    "/dav/addressbooks/anna/contacts/",
    '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>',
  ),
  dav(
    "REPORT",
    "/dav/addressbooks/anna/contacts/",
    '<c:addressbook-query xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><d:getetag/><c:address-data version="3.0"><c:prop name="FN"/></c:address-data></d:prop><c:filter test="anyof"><c:prop-filter name="FN"><c:text-match collation="i;unicode-casemap" match-type="contains">a</c:text-match></c:prop-filter></c:filter><c:limit><c:nresults>5</c:nresults></c:limit></c:addressbook-query>',
  ),
  dav(
    "REPORT",
    "/dav/addressbooks/anna/contacts/",
    '<c:addressbook-multiget xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><c:address-data/></d:prop><d:href>/dav/addressbooks/anna/contacts/a.vcf</d:href></c:addressbook-multiget>',
  ),
  dav(
    "REPORT",
    "/dav/addressbooks/anna/contacts/",
    '<d:sync-collection xmlns:d="DAV:"><d:sync-token>urn:bmbridge:sync:1</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>',
  ),
  dav("GET", "/dav/addressbooks/anna/contacts/a.vcf", ""),
  dav("DELETE", "/dav/addressbooks/anna/contacts/a.vcf", ""),
];
const call = (method: string, ...values: string[]): Uint8Array =>
  latin1(
    `\0<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values.map((value) => `<param><value>${value}</value></param>`).join("")}</params></methodCall>`,
  );
const address = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";
const METHODS = `add listAddresses createRandomAddress createDeterministicAddresses getDeterministicAddress
createChan joinChan leaveChan deleteAddress getAllInboxMessages getInboxMessageById trashMessage
getSentMessagesBySender getSentMessageByAckData sendMessage sendBroadcast getStatus addSubscription
deleteSubscription listSubscriptions listContacts addAddressBookEntry deleteAddressBookEntry
decodeAddress disseminatePreEncryptedMsg disseminatePubkey getMessageDataByDestinationHash
clientStatus helloWorld statusBar deleteAndVacuum undeleteMessage enableAddress addressBookEntries
system.listMethods system.methodHelp`.split(/\s/);
const apiSeeds = [
  ...METHODS.map((method) => call(method, "YQ==", "<int>1</int>", `<string>${address}</string>`)),
  call("sendMessage", address, address, "YQ==", "Yg==", "<int>2</int>", "<int>3600</int>"),
  call("createRandomAddress", "YQ==", "<boolean>0</boolean>", "<int>1</int>", "<int>1</int>"),
  ...METHODS.map((method) =>
    latin1(`\x01${JSON.stringify({ jsonrpc: "2.0", method, params: ["YQ==", 1, address], id: 1 })}`),
  ),
  latin1('\x01[{"method":"add","params":[1,2],"id":"x"},{"method":"helloWorld","params":["a","b"]}]'),
];
const pages = [
  "/",
  "/login",
  "/outbox",
  "/identities",
  `/identities/${address}`,
  "/contacts",
  "/chans",
  "/subscriptions",
  "/settings",
  "/log",
  "/setup",
  "/setup/mutt",
  "/status",
  "/language?to=de&back=/log",
];
const webSeeds = [
  ...pages.map((path) =>
    latin1(
      `GET ${path} HTTP/1.1\ncookie: bmbridge_session=x; bmbridge_language=de\naccept-language: fr;q=0.5, de`,
    ),
  ),
  ...[
    "/login",
    "/logout",
    "/password",
    "/settings/change",
    "/identities/create",
    "/contacts/add",
    "/queue/retry",
  ].map((path) =>
    latin1(
      `POST ${path} HTTP/1.1\ncookie: bmbridge_session=x\ncontent-type: application/x-www-form-urlencoded\n\ntoken=token&user=a&label=%3Cxss&address=${address}&name=log.level&value=x&show=send`,
    ),
  ),
];

const XML_WORDS = [
  "<![CDATA[",
  "]]>",
  "<!--",
  "-->",
  "&amp;",
  "&#x41;",
  "&#0;",
  "&x;",
  "<!DOCTYPE x [<!ENTITY a 'b'>]>",
  'xmlns:d="DAV:"',
  'xmlns=""',
  "<?xml ",
  "/>",
  "d:href",
  "constructor",
  "__proto__",
];
const VCARD_WORDS = [
  "BEGIN:VCARD\r\n",
  "END:VCARD\r\n",
  "VERSION:3.0\r\n",
  "VERSION:4.0\r\n",
  ";TYPE=pref",
  ";PREF=1",
  ";ENCODING=b",
  "PHOTO",
  "\\n",
  "\\,",
  "\r\n ",
  "item1.",
  "EMAIL",
  "X-BITMESSAGE",
];
const WEB_WORDS = [
  "<xss",
  "%3Cxss",
  "%0d%0aX: y",
  "/../",
  "%2e%2e/",
  "?to=de&back=//evil",
  "back=",
  "token=token",
  "&",
  "=",
  "bmbridge_session=x",
  "bmbridge_language=",
  "__proto__",
  "constructor",
  "x-refresh: 1",
  "content-type: application/x-www-form-urlencoded",
  "POST ",
  "GET ",
];

export const httpTargets: readonly FuzzTarget[] = [
  {
    name: "vcards",
    seeds: [latin1(card), latin1(card.replace("4.0", "3.0"))],
    words: VCARD_WORDS,
    run: readCard,
  },
  {
    name: "xml",
    seeds: davSeeds.map((seed) => seed.slice(Buffer.from(seed).indexOf("\n\n") + 2)),
    words: XML_WORDS,
    longest: 8192,
    run: readDocument,
  },
  {
    name: "carddav",
    seeds: davSeeds,
    words: [
      ...XML_WORDS,
      ...VCARD_WORDS,
      "if-match: *",
      "if-none-match: *",
      "depth: 0",
      "/dav/addressbooks/",
      "anna/contacts/",
      "i;octet",
      "equals",
      "is-not-defined",
      "param-filter",
    ],
    longest: 8192,
    run: askBooks,
  },
  {
    name: "api",
    seeds: apiSeeds,
    words: [
      ...XML_WORDS,
      ...METHODS,
      "<int>",
      "<base64>",
      "<struct>",
      "<member>",
      "<name>",
      "<array><data>",
      "<nil/>",
      '"params":[',
      '"method":',
      address,
      "YQ==",
    ],
    patience: 2000,
    run: callApi,
    close: closeWorld,
  },
  { name: "web", seeds: webSeeds, words: WEB_WORDS, run: askPage },
  {
    name: "discovery",
    seeds: [
      latin1(
        '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>a@b</EMailAddress></Request></Autodiscover>',
      ),
    ],
    words: XML_WORDS,
    run: askSettings,
  },
];
