/** GET /metrics, without a login and therefore on loopback only. */
import type { HttpHandler } from "../../http/message.js";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { type Config, ConfigError, isLoopback, parseEndpoint } from "../config/config.js";
import { TEXT_FORMAT } from "./text-format.js";

export interface MetricsServerOptions {
  readonly config: Config;
  readonly metrics: () => string;
  readonly logger: Logger;
}

/** Null when `metrics.listen` is off. @throws ConfigError beyond loopback */
export function createMetricsServer({ config, metrics, logger }: MetricsServerOptions): HttpServer | null {
  const listen = parseEndpoint("metrics.listen", config.metrics.listen);
  if (listen === null) return null;
  if (!isLoopback(listen.host))
    throw new ConfigError("metrics.listen", "metrics are told without a login, so on loopback only");
  return createHttpServer({
    listen,
    handler: metricsHandler(metrics),
    logger: logger.child({ room: "metrics" }),
  });
}

export function metricsHandler(metrics: () => string): HttpHandler {
  return ({ method, path }) => {
    if (path !== "/metrics") return { status: 404, body: "The metrics are at /metrics.\n" };
    if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { Allow: "GET, HEAD" } };
    return { status: 200, headers: { "Content-Type": TEXT_FORMAT }, body: metrics() };
  };
}
