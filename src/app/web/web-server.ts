/** Everything that is served over HTTP: where it listens, how it is protected, and which part answers what. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { HttpHandler } from "../../http/message.js";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { createCardDavHandler, isCardDav } from "../../mail/carddav/handler.js";
import { LoginDelay } from "../../mail/login-delay.js";
import { type Stores, systemClock } from "../../store/stores.js";
import { loadServerCertificate } from "../certificates.js";
import { clientFacts } from "../client-setup/client-facts.js";
import { createDiscoveryHandler, isDiscovery } from "../client-setup/discovery-handler.js";
import type { Endpoints } from "../client-setup/start-lines.js";
import { type Config, type Endpoint, isLoopback, parseEndpoint } from "../config/config.js";
import type { ControlMethods } from "../control/messages.js";
import type { DataDirectory } from "../data-directory.js";
import type { Services } from "../services.js";
import { createPageHandler } from "./page/page-handler.js";
import { Sessions } from "./page/sessions.js";
import { shownSettings } from "./shown-settings.js";

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
  const discovery = createDiscovery(options);
  const page = createPage(options, delay);
  return createHttpServer({
    listen,
    tls: certificate(options, listen),
    names: ownNames(config, listen),
    handler(request) {
      if (isCardDav(request)) return cardDav(request);
      return isDiscovery(request) ? discovery(request) : page(request);
    },
    logger: logger.child({ room: "web" }),
  });
}

/** Port 80 of loopback, where Thunderbird looks for settings; null when that is not wanted. It may not be to be had. */
export function createAutoconfigServer(options: WebServerOptions): HttpServer | null {
  const { config, endpoints, logger } = options;
  if (!config.web.autoconfig || parseEndpoint("web.listen", config.web.listen) === null) return null;
  const discovery = createDiscovery(options);
  return createHttpServer({
    listen: { host: "127.0.0.1", port: 80 },
    names: [`autoconfig.${config.mail.domain}`, `autodiscover.${config.mail.domain}`, config.mail.domain],
    handler(request) {
      if (isDiscovery(request)) return discovery(request);
      const { web } = clientFacts({ ...nobody(options), endpoints: endpoints() });
      if (request.path !== "/" || web === null) return { status: 404, body: "There is nothing here.\n" };
      return { status: 303, headers: { Location: web } };
    },
    logger: logger.child({ room: "web" }),
  });
}

function createDiscovery(options: WebServerOptions): HttpHandler {
  return createDiscoveryHandler(() => clientFacts({ ...nobody(options), endpoints: options.endpoints() }));
}

function nobody({ config, directory }: WebServerOptions) {
  return { config, user: "", identities: [], authorityFile: join(directory.certificates, "authority.pem") };
}

function createPage(options: WebServerOptions, delay: LoginDelay): HttpHandler {
  const { config, services, stores, methods, logLines } = options;
  const sessions = new Sessions({
    passwordHashOf: (user) => stores.users.get(user)?.passwordHash ?? null,
    now: () => Date.now(),
  });
  const settings = { file: options.directory.config, rows: shownSettings(config) };
  return createPageHandler({
    methods,
    authenticator: services.users,
    delay,
    sessions,
    surroundings: () => ({
      domain: config.mail.domain,
      samples: stores.samples,
      now: systemClock(),
      log: logLines(),
      settings,
    }),
    isOwner: (user) => [...stores.users.list()].sort((a, b) => a.created - b.created)[0]?.name === user,
  });
}

function ownNames(config: Config, listen: Endpoint): string[] {
  return ["localhost", config.mail.domain, hostname(), listen.host];
}

/** Plain on loopback, TLS everywhere else: passwords never go in the clear over a real network. */
function certificate({ config, directory }: WebServerOptions, listen: Endpoint) {
  if (isLoopback(listen.host)) return null;
  const names = [...new Set(ownNames(config, listen))];
  const { key, certificate: cert } = loadServerCertificate(directory.certificates, names, new Date());
  return { key, cert };
}
