/** What a node measures of itself: for Prometheus over HTTP where that is set, and for the command of that name. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import type { Config } from "../config/config.js";
import { collectMetrics, type MetricsSources } from "./collect.js";
import { createMetricsServer } from "./metrics-server.js";
import { formatFamilies } from "./text-format.js";

export interface Metrics {
  /** Prometheus' text format. */
  text(): string;
  /** Null when `metrics.listen` is off. */
  readonly server: HttpServer | null;
  stop(): Promise<void>;
}

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 10;

/** @throws ConfigError */
export function createMetrics(
  options: Omit<MetricsSources, "eventLoop"> & { readonly config: Config; readonly logger: Logger },
): Metrics {
  // It wakes the process a hundred times a second: only where somebody looks.
  const eventLoop =
    options.config.metrics.listen === "off" ? null : monitorEventLoopDelay({ resolution: RESOLUTION });
  eventLoop?.enable();
  const text = () => formatFamilies(collectMetrics({ ...options, eventLoop }));
  const server = createMetricsServer({ ...options, metrics: text });
  return {
    text,
    server,
    async stop() {
      eventLoop?.disable();
      await server?.stop();
    },
  };
}
