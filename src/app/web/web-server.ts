/** Everything that is served over HTTP: where it listens, how it is protected, and which part answers what. */
import { hostname } from "node:os";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { createCardDavHandler, isCardDav } from "../../mail/carddav/handler.js";
import { LoginDelay } from "../../mail/login-delay.js";
import { loadServerCertificate } from "../certificates.js";
import { type Config, type Endpoint, isLoopback, parseEndpoint } from "../config/config.js";
import type { DataDirectory } from "../data-directory.js";
import type { Services } from "../services.js";

export interface WebServerOptions {
  readonly config: Config;
  readonly directory: DataDirectory;
  readonly services: Pick<Services, "cardBackend">;
  readonly logger: Logger;
}

/** Null when `web.listen` is off. */
export function createWebServer(options: WebServerOptions): HttpServer | null {
  const { config, services, logger } = options;
  const listen = parseEndpoint("web.listen", config.web.listen);
  if (listen === null) return null;
  const cardDav = createCardDavHandler({ backend: services.cardBackend, delay: new LoginDelay() });
  return createHttpServer({
    listen,
    tls: protection(options, listen),
    names: [config.mail.domain, hostname(), listen.host],
    handler: (request) =>
      isCardDav(request) ? cardDav(request) : { status: 404, body: "There is nothing here.\n" },
    logger: logger.child({ room: "web" }),
  });
}

/** Plain on loopback, TLS everywhere else: passwords never go in the clear over a real network. */
function protection({ config, directory }: WebServerOptions, listen: Endpoint) {
  if (isLoopback(listen.host)) return null;
  const names = ["localhost", config.mail.domain, hostname(), listen.host];
  const { key, certificate } = loadServerCertificate(directory.certificates, [...new Set(names)], new Date());
  return { key, cert: certificate };
}
