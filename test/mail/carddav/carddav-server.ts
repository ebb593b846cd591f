/** A CardDAV server on a port of its own, and a client that says what Thunderbird says. */
import { request as httpRequest } from "node:http";
import { createHttpServer, type HttpServer } from "../../../src/http/server.js";
import type { CardDavBackend } from "../../../src/mail/carddav/backend.js";
import { createCardDavHandler } from "../../../src/mail/carddav/handler.js";
import type { XmlElement } from "../../../src/mail/carddav/xml.js";
import { child, children, DAV } from "../../../src/mail/carddav/xml.js";
import { parseXml } from "../../../src/mail/carddav/xml-parser.js";

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

export interface Client {
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** A multistatus: by href the status, or the properties found. */
  multistatus(method: string, path: string, options?: AskOptions): Promise<Map<string, Told>>;
  stop(): Promise<void>;
}

export interface AskOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly login?: string | null;
}

export interface Told {
  /** Of the response, or of its first propstat. */
  readonly status: string;
  readonly properties: ReadonlyMap<string, XmlElement>;
  readonly missing: readonly string[];
}

export async function startCardDav(backend: CardDavBackend, login: string): Promise<Client> {
  const server: HttpServer = createHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createCardDavHandler({ backend }),
  });
  const { port } = await server.start();
  const ask = (method: string, path: string, options: AskOptions = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const who = options.login === undefined ? login : options.login;
      const authorization =
        who === null ? {} : { Authorization: `Basic ${Buffer.from(who).toString("base64")}` };
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port,
          method,
          path,
          agent: false,
          headers: { ...authorization, ...options.headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const { statusCode = 0, headers } = response;
            resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString("utf8") });
          });
        },
      );
      request.on("error", reject);
      request.end(options.body);
    });
  return {
    ask,
    async multistatus(method, path, options) {
      const answer = await ask(method, path, options);
      if (answer.status !== 207) throw new Error(`${answer.status}: ${answer.body}`);
      return readMultistatus(answer.body);
    },
    stop: () => server.stop(),
  };
}

export function readMultistatus(body: string): Map<string, Told> {
  const root = parseXml(new TextEncoder().encode(body));
  return new Map(
    children(root, DAV, "response").map((response) => {
      const stats = children(response, DAV, "propstat");
      const of = (status: string) =>
        stats
          .filter((stat) => child(stat, DAV, "status")?.text.includes(status))
          .flatMap((stat) => child(stat, DAV, "prop")?.children ?? []);
      const status = child(response, DAV, "status") ?? child(stats[0]!, DAV, "status");
      return [
        child(response, DAV, "href")?.text ?? "",
        {
          status: status?.text ?? "",
          properties: new Map(of(" 200 ").map((property) => [property.name, property])),
          missing: of(" 404 ").map(({ name }) => name),
        },
      ];
    }),
  );
}

export function syncTokenOf(body: string): string {
  return child(parseXml(new TextEncoder().encode(body)), DAV, "sync-token")?.text ?? "";
}

const NAMESPACES =
  'xmlns:card="urn:ietf:params:xml:ns:carddav" xmlns:cs="http://calendarserver.org/ns/" xmlns:d="DAV:"';

/** The requests of Thunderbird 153, word for word. */
export const THUNDERBIRD = {
  discover: `<?xml version="1.0" encoding="utf-8"?>
      <propfind xmlns="DAV:">
        <prop>
          <current-user-principal/>
        </prop>
      </propfind>`,
  home: `<?xml version="1.0" encoding="utf-8"?>
      <propfind xmlns="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav">
        <prop>
          <card:addressbook-home-set/>
        </prop>
      </propfind>`,
  books: `<?xml version="1.0" encoding="utf-8"?>
      <propfind xmlns="DAV:">
        <prop>
          <resourcetype/>
          <displayname/>
          <current-user-privilege-set/>
        </prop>
      </propfind>`,
  list: `<propfind xmlns="DAV:" ${NAMESPACES}>
      <prop>
        <resourcetype/>
        <getetag/>
        <cs:getctag/>
      </prop>
    </propfind>`,
  token: `<propfind xmlns="DAV:" ${NAMESPACES}>
      <prop>
        <displayname/>
        <cs:getctag/>
        <sync-token/>
      </prop>
    </propfind>`,
  multiget: (...hrefs: string[]) => `<?xml version="1.0" encoding="utf-8"?>
    <card:addressbook-multiget ${NAMESPACES}>
      <d:prop>
        <d:getetag/>
        <card:address-data/>
      </d:prop>
      ${hrefs.map((href) => `      <d:href>${href}</d:href>`).join("\n")}
    </card:addressbook-multiget>`,
  sync: (token: string) => `<sync-collection xmlns="DAV:" ${NAMESPACES}>
      <sync-token>${token}</sync-token>
      <sync-level>1</sync-level>
      <prop>
        <getetag/>
        <card:address-data/>
      </prop>
    </sync-collection>`,
} as const;
