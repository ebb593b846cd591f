/** Everything that is served over HTTP: where it listens, how it is protected, and which part answers what. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { HttpHandler } from "../../http/message.js";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { createCardDavHandler, isCardDav } from "../../mail/carddav/handler.js";
import { type Stores, systemClock } from "../../store/stores.js";
import { loadServerCertificate } from "../certificates.js";
import { clientFacts } from "../client-setup/client-facts.js";
import { createDiscoveryHandler, isDiscovery } from "../client-setup/discovery-handler.js";
import type { Endpoints } from "../client-setup/start-lines.js";
import { type Config, type Endpoint, isLoopback, parseEndpoint } from "../config/config.js";
import type { ControlMethods } from "../control/messages.js";
import type { DataDirectory } from "../data-directory.js";
import type { Level } from "../log.js";
import { createLocalUser } from "../login-source.js";
import { passedSocket } from "../passed-sockets.js";
import { serverNames } from "../server-names.js";
import type { Services } from "../services.js";
import type { StorageRefusals } from "../storage-refusals.js";
import type { LogTail } from "./log-tail.js";
import { createPageHandler } from "./page/page-handler.js";
import { Sessions } from "./page/sessions.js";
import type { ShownSettings } from "./shown-settings.js";

export interface WebServerOptions {
  readonly config: Config;
  readonly directory: DataDirectory;
  readonly services: Services;
  readonly stores: Pick<Stores, "users" | "samples">;
  readonly methods: ControlMethods;
  /** Where everything listens, asked when a page is made. */
  readonly endpoints: () => Endpoints;
  readonly settings: ShownSettings;
  /** The last lines of the log. */
  readonly logLines: LogTail["lines"];
  readonly logLevel: () => Level;
  readonly refusals: Pick<StorageRefusals, "http">;
  readonly logger: Logger;
}

/** Null when `web.listen` is off. */
export function createWebServer(options: WebServerOptions): HttpServer | null {
  const { config, services, logger } = options;
  const listen = parseEndpoint("web.listen", config.web.listen);
  if (listen === null) return null;
  const cardDav = createCardDavHandler({ backend: services.cardBackend });
  const discovery = createDiscovery(options);
  const page = createPage(options);
  return createHttpServer({
    listen,
    tls: certificate(options, listen),
    names: [...serverNames(config), hostname(), listen.host],
    handler(request) {
      if (isCardDav(request)) return cardDav(request);
      return isDiscovery(request) ? discovery(request) : page(request);
    },
    explain: options.refusals.http,
    logger: logger.child({ room: "web" }),
  });
}

/**
 * Port 80 of loopback, where Thunderbird looks for settings, or the socket "autoconfig" of the service manager; null when that is not wanted. It
 * may not be to be had.
 */
export function createAutoconfigServer(options: WebServerOptions): HttpServer | null {
  const { config, endpoints, logger } = options;
  if (!config.web.autoconfig || parseEndpoint("web.listen", config.web.listen) === null) return null;
  const discovery = createDiscovery(options);
  return createHttpServer({
    listen: { host: "127.0.0.1", port: 80 },
    socket: passedSocket("autoconfig", process.env, process.pid),
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

function createPage(options: WebServerOptions): HttpHandler {
  const { config, services, stores, methods, settings, logLines, logLevel } = options;
  const sessions = new Sessions({
    begun: (user, end) => services.loginSessions.begin(user, end),
    now: () => Date.now(),
  });
  return createPageHandler({
    methods,
    authenticator: services.logins,
    sessions,
    localUserOf: createLocalUser(),
    surroundings: () => ({
      domain: config.mail.domain,
      samples: stores.samples,
      now: systemClock(),
    }),
    owner: {
      logLines,
      logLevel,
      settings: () => settings.view(),
      change: (name, text) => settings.change(name, text),
    },
    isOwner: (user) => [...stores.users.list()].sort((a, b) => a.created - b.created)[0]?.name === user,
  });
}

/** Plain on loopback, TLS everywhere else: passwords never go in the clear over a real network. */
function certificate({ config, directory }: WebServerOptions, listen: Endpoint) {
  if (isLoopback(listen.host)) return null;
  const names = serverNames(config);
  const { key, certificate: cert } = loadServerCertificate(directory.certificates, names, new Date());
  return { key, cert };
}
