import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ConfigError } from "../../../src/app/config/config.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { collectMetrics, type MetricsSources } from "../../../src/app/metrics/collect.js";
import { Histogram } from "../../../src/app/metrics/histogram.js";
import { createMetricsServer } from "../../../src/app/metrics/metrics-server.js";
import { Tally } from "../../../src/app/metrics/tally.js";
import { formatFamilies, labelled } from "../../../src/app/metrics/text-format.js";
import type { OutboxEntry, ReceivedMessage } from "../../../src/bitmessage/messaging/types.js";
import type { Solver, WorkRequest } from "../../../src/bitmessage/pow/solver.js";
import type { HttpServer } from "../../../src/http/server.js";
import { silentLogger } from "../../../src/logger.js";
import { createMemoryStores } from "../../../src/store/memory/stores.js";
import { parseExposition } from "./parse-exposition.js";

const running: HttpServer[] = [];
afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));

const ADDRESS = "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N";
const entry = (state: string, seconds = 0) =>
  ({
    kind: "msg",
    from: ADDRESS,
    to: ADDRESS,
    subject: "secret",
    state,
    created: 1000,
    changed: 1000 + seconds,
  }) as OutboxEntry;

function sources(tally = new Tally()): MetricsSources {
  return {
    node: {
      statistics: () => ({
        inbound: 2,
        outbound: 8,
        knownNodes: 500,
        bytesReceived: 1e21,
        bytesSent: 7,
        objectsReceived: 3,
        objectsSent: 1,
        objectsPending: 0,
        clockOffset: null,
      }),
    },
    stores: createMemoryStores(),
    solver: {
      status: () => ({ engine: 'a"b\\c', threads: 3, trialsPerSecond: 0.1, waiting: 1, working: true }),
    },
    servers: { connections: () => ({ imap: 4, smtp: 0 }) },
    tally,
    trouble: () => false,
    database: "/nowhere/at-all.sqlite",
    eventLoop: null,
  };
}

describe("the text", () => {
  test("is read by a strict reader, with the figures that were told", () => {
    const tally = new Tally();
    tally.sent(entry("queued"), null);
    tally.sent(entry("acknowledged", 95), entry("sent"));
    tally.sent(entry("acknowledged", 95), entry("acknowledged"));
    tally.sent(entry("failed"), entry("queued"));
    tally.delivered({ kind: "broadcast" } as ReceivedMessage);
    const text = formatFamilies(collectMetrics(sources(tally)));
    const families = parseExposition(text);
    const value = (family: string, sample = family) => families.get(family)?.samples.get(sample);
    expect(value("bmbridge_peers", 'bmbridge_peers{direction="outbound"}')).toBe(8);
    expect(value("bmbridge_network_received_bytes_total")).toBe(1e21);
    expect(value("bmbridge_messages_accepted_total", 'bmbridge_messages_accepted_total{kind="msg"}')).toBe(1);
    expect(
      value("bmbridge_messages_delivered_total", 'bmbridge_messages_delivered_total{kind="broadcast"}'),
    ).toBe(1);
    expect(
      value("bmbridge_messages_ended_total", 'bmbridge_messages_ended_total{state="acknowledged"}'),
    ).toBe(1);
    expect(value("bmbridge_delivery_seconds", 'bmbridge_delivery_seconds_bucket{le="60"}')).toBe(0);
    expect(value("bmbridge_delivery_seconds", 'bmbridge_delivery_seconds_bucket{le="120"}')).toBe(1);
    expect(value("bmbridge_delivery_seconds", "bmbridge_delivery_seconds_sum")).toBe(95);
    expect(value("bmbridge_queue_messages", 'bmbridge_queue_messages{state="queued"}')).toBe(0);
    expect(value("bmbridge_mail_connections", 'bmbridge_mail_connections{protocol="imap"}')).toBe(4);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(text).not.toMatch(/BM-|secret|NaN|undefined/);
  });

  test("tells of the event loop when it is measured", async () => {
    const eventLoop = monitorEventLoopDelay({ resolution: 1 });
    eventLoop.enable();
    while (eventLoop.count === 0) await new Promise(setImmediate);
    eventLoop.disable();
    const families = parseExposition(formatFamilies(collectMetrics({ ...sources(), eventLoop })));
    const quantile = 'bmbridge_event_loop_interval_seconds{quantile="0.99"}';
    expect(families.get("bmbridge_event_loop_interval_seconds")?.samples.get(quantile)).toBeGreaterThan(0);
  });

  test("holds whatever a label says, and any number", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.float({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
        fc.string({ minLength: 1 }),
        (pairs, help) => {
          const family = {
            name: "x",
            type: "gauge",
            help: `h${help.replace(/[\r\u2028\u2029]/g, "")}`,
          } as const;
          const families = parseExposition(
            formatFamilies([labelled(family, "l", Object.fromEntries(pairs))]),
          );
          expect(families.get("x")?.samples.size).toBe(new Set(pairs.map(([name]) => name)).size);
        },
      ),
    );
  });

  test("a histogram counts each value once, in every bucket that it fits into", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200)), (values) => {
        const histogram = new Histogram([1, 10, 100]);
        for (const value of values) histogram.observe(value);
        const { samples = new Map() } =
          parseExposition(formatFamilies([histogram.family("h", "x")])).get("h") ?? {};
        expect(samples.get('h_bucket{le="10"}')).toBe(values.filter((value) => value <= 10).length);
        expect(samples.get("h_count")).toBe(values.length);
      }),
    );
  });
});

test("trials are counted while the work goes on, each once, also of work that is given up", async () => {
  const tally = new Tally();
  const solver: Solver = {
    async solve(request: WorkRequest) {
      request.onProgress?.({ trials: 10, expectedTrials: 100, share: 0.1 });
      request.onProgress?.({ trials: 30, expectedTrials: 100, share: 0.3 });
      expect(tally.trials % 100).toBe(30);
      if (request.priority === 9) throw new Error("given up");
      return { nonce: 1n, trials: 100 };
    },
    status: () => ({ engine: "", threads: 1, trialsPerSecond: 0, waiting: 0, working: false }),
    close: async () => {},
  };
  const request = {
    prepare: () => ({ initialHash: new Uint8Array(64), target: 1n }),
    signal: new AbortController().signal,
  };
  const counted = tally.count(solver);
  expect(await counted.solve(request)).toEqual({ nonce: 1n, trials: 100 });
  await expect(counted.solve({ ...request, priority: 9 })).rejects.toThrow("given up");
  expect(tally.trials).toBe(130);
});

describe("the server", () => {
  const create = (listen: string) =>
    createMetricsServer({
      config: loadConfig({ file: null, environment: {}, assignments: [`metrics.listen=${listen}`] }),
      metrics: () => "bmbridge_up 1\n",
      logger: silentLogger,
    });

  test("is off unless told, and stays on loopback", () => {
    expect(create("off")).toBeNull();
    for (const listen of ["0.0.0.0:0", "[::]:0", "192.0.2.1:9484", "localhost.example.com:1"]) {
      expect(() => create(listen)).toThrow(ConfigError);
    }
  });

  test("tells at /metrics, and nothing to pages of other sites", async () => {
    const server = create("127.0.0.1:0")!;
    running.push(server);
    const base = `http://127.0.0.1:${(await server.start()).port}`;
    const answer = await fetch(`${base}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toBe("bmbridge_up 1\n");
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${base}/metrics`, { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(
      403,
    );
  });
});
