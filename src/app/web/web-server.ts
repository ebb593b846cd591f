/** Everything that is served over HTTP: where it listens, how it is protected, and which part answers what. */
import { hostname } from "node:os";
import type { HttpHandler } from "../../http/message.js";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { createCardDavHandler, isCardDav } from "../../mail/carddav/handler.js";
import { LoginDelay } from "../../mail/login-delay.js";
import { type Stores, systemClock } from "../../store/stores.js";
import { loadServerCertificate } from "../certificates.js";
import { type Config, type Endpoint, isLoopback, parseEndpoint, tlsMode } from "../config/config.js";
import type { ControlMethods } from "../control/messages.js";
import type { DataDirectory } from "../data-directory.js";
import type { Endpoints } from "../mail-client.js";
import type { Services } from "../services.js";
import { createPageHandler } from "./page/page-handler.js";
import { Sessions } from "./page/sessions.js";

export interface WebServerOptions {
  readonly config: Config;
  readonly directory: DataDirectory;
  readonly services: Services;
  readonly stores: Pick<Stores, "users" | "samples">;
  readonly methods: ControlMethods;
  /** Where everything listens, asked when a page is made. */
  readonly endpoints: () => Endpoints;
  /** The last lines of the log, oldest first. */
  readonly logLines: () => readonly string[];
  readonly logger: Logger;
}

/** Null when `web.listen` is off. */
export function createWebServer(options: WebServerOptions): HttpServer | null {
  const { config, services, logger } = options;
  const listen = parseEndpoint("web.listen", config.web.listen);
  if (listen === null) return null;
  // One for both: who has tried passwords at the page waits at the address book as well.
  const delay = new LoginDelay();
  const cardDav = createCardDavHandler({ backend: services.cardBackend, delay });
  const page = createPage(options, listen, delay);
  return createHttpServer({
    listen,
    tls: certificate(options, listen),
    names: [config.mail.domain, hostname(), listen.host],
    handler: (request) => (isCardDav(request) ? cardDav(request) : page(request)),
    logger: logger.child({ room: "web" }),
  });
}

function createPage(options: WebServerOptions, listen: Endpoint, delay: LoginDelay): HttpHandler {
  const { config, services, stores, methods, endpoints, logLines } = options;
  const sessions = new Sessions({
    passwordHashOf: (user) => stores.users.get(user)?.passwordHash ?? null,
    now: () => Date.now(),
  });
  const modeOf = (name: "imap" | "smtp") =>
    tlsMode(parseEndpoint(`${name}.listen`, config[name].listen)?.host ?? "localhost", config[name].tls);
  return createPageHandler({
    methods,
    authenticator: services.users,
    delay,
    sessions,
    surroundings: () => ({
      domain: config.mail.domain,
      endpoints: endpoints(),
      security: {
        imap: modeOf("imap"),
        smtp: modeOf("smtp"),
        web: isLoopback(listen.host) ? "plain" : "tls",
      },
      samples: stores.samples,
      now: systemClock(),
      log: logLines(),
    }),
    // The log tells of all users; it is for whoever set the bridge up.
    mayReadLog: (user) => [...stores.users.list()].sort((a, b) => a.created - b.created)[0]?.name === user,
  });
}

/** Plain on loopback, TLS everywhere else: passwords never go in the clear over a real network. */
function certificate({ config, directory }: WebServerOptions, listen: Endpoint) {
  if (isLoopback(listen.host)) return null;
  const names = ["localhost", config.mail.domain, hostname(), listen.host];
  const { key, certificate: cert } = loadServerCertificate(
    directory.certificates,
    [...new Set(names)],
    new Date(),
  );
  return { key, cert };
}
