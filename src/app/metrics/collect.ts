/** Everything that is measured. Labels are few and fixed: never an address, a name or a subject. */
import { readdirSync, statSync } from "node:fs";
import type { IntervalHistogram } from "node:perf_hooks";
import type { BitmessageNode } from "../../bitmessage/node/node.js";
import type { Solver } from "../../bitmessage/pow/solver.js";
import type { Stores } from "../../store/stores.js";
import type { MailServers } from "../mail-servers.js";
import type { Tally } from "./tally.js";
import { counter, type Family, gauge, labelled } from "./text-format.js";

export interface MetricsSources {
  readonly node: Pick<BitmessageNode, "statistics">;
  readonly stores: Pick<Stores, "inventory" | "outbox" | "handovers">;
  readonly solver: Pick<Solver, "status">;
  readonly servers: Pick<MailServers, "connections">;
  readonly tally: Tally;
  readonly trouble: () => boolean;
  /** The database's file; its log stands beside it. */
  readonly database: string;
  /** Since the start; null where it is not measured. */
  readonly eventLoop: IntervalHistogram | null;
}

export function collectMetrics(sources: MetricsSources): readonly Family[] {
  return [
    ...network(sources),
    ...messages(sources),
    ...work(sources),
    ...mailServers(sources),
    ...storage(sources),
    ...eventLoop(sources),
    ...processFamilies(),
  ];
}

function network({ node, stores }: MetricsSources): Family[] {
  const traffic = node.statistics();
  const { objects, bytes } = stores.inventory.totals();
  const peers = { name: "bmbridge_peers", type: "gauge", help: "Connections with peers." } as const;
  return [
    labelled(peers, "direction", { inbound: traffic.inbound, outbound: traffic.outbound }),
    gauge("bmbridge_known_nodes", "Nodes whose addresses are known.", traffic.knownNodes),
    gauge("bmbridge_inventory_objects", "Objects that are kept.", objects),
    gauge("bmbridge_inventory_bytes", "Bytes of the objects that are kept.", bytes),
    gauge("bmbridge_objects_pending", "Objects asked for and not yet come.", traffic.objectsPending),
    counter("bmbridge_objects_received_total", "Objects received from peers.", traffic.objectsReceived),
    counter("bmbridge_objects_relayed_total", "Objects sent to peers.", traffic.objectsSent),
    counter("bmbridge_network_received_bytes_total", "Bytes received from peers.", traffic.bytesReceived),
    counter("bmbridge_network_sent_bytes_total", "Bytes sent to peers.", traffic.bytesSent),
  ];
}

const NO_MESSAGES = {
  queued: 0,
  "awaiting-pubkey": 0,
  "proof-of-work": 0,
  sent: 0,
  acknowledged: 0,
  failed: 0,
  cancelled: 0,
};

function messages({ stores, tally }: MetricsSources): Family[] {
  const queue = {
    name: "bmbridge_queue_messages",
    type: "gauge",
    help: "Messages of the outbox by state.",
  } as const;
  const accepted = {
    name: "bmbridge_messages_accepted_total",
    type: "counter",
    help: "Messages accepted for sending, one for each recipient.",
  } as const;
  const delivered = {
    name: "bmbridge_messages_delivered_total",
    type: "counter",
    help: "Messages from the network put into mailboxes.",
  } as const;
  const ended = {
    name: "bmbridge_messages_ended_total",
    type: "counter",
    help: "How sending ended.",
  } as const;
  const handovers = { waiting: 0, failed: 0 };
  for (const { state } of stores.handovers.list())
    if (state === "waiting" || state === "failed") handovers[state] += 1;
  const waiting = {
    name: "bmbridge_handovers",
    type: "gauge",
    help: "Mail for other mail systems by state.",
  } as const;
  return [
    labelled(queue, "state", { ...NO_MESSAGES, ...stores.outbox.counts() }),
    labelled(accepted, "kind", tally.accepted),
    labelled(delivered, "kind", tally.received),
    labelled(ended, "state", tally.ended),
    tally.deliveryTimes.family(
      "bmbridge_delivery_seconds",
      "Seconds from the acceptance of a message to its acknowledgement.",
    ),
    labelled(waiting, "state", handovers),
  ];
}

function work({ solver, tally }: MetricsSources): Family[] {
  const { working, waiting, trialsPerSecond, threads, engine } = solver.status();
  return [
    counter("bmbridge_pow_trials_total", "Trials of proof of work.", tally.trials),
    gauge("bmbridge_pow_trials_per_second", "Speed of the proof of work as last measured.", trialsPerSecond),
    gauge("bmbridge_pow_working", "Whether proof of work is being done: 1 or 0.", working ? 1 : 0),
    gauge("bmbridge_pow_waiting", "Works that wait for their turn.", waiting),
    {
      name: "bmbridge_pow_engine_info",
      type: "gauge",
      help: "What does the proof of work.",
      samples: [{ labels: { engine, threads: String(threads) }, value: 1 }],
    },
  ];
}

function mailServers({ servers }: MetricsSources): Family[] {
  const family = {
    name: "bmbridge_mail_connections",
    type: "gauge",
    help: "Open connections of mail clients.",
  } as const;
  return [labelled(family, "protocol", { ...servers.connections() })];
}

function storage({ database, trouble }: MetricsSources): Family[] {
  return [
    gauge(
      "bmbridge_database_bytes",
      "Size of the database and its log.",
      sizeOf(database) + sizeOf(`${database}-wal`),
    ),
    gauge(
      "bmbridge_storage_trouble",
      "Whether the disk is full, read-only, broken or damaged: 1 or 0.",
      trouble() ? 1 : 0,
    ),
  ];
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function eventLoop({ eventLoop: measured }: MetricsSources): Family[] {
  if (measured === null || measured.count === 0) return [];
  const seconds = (nanoseconds: number) => nanoseconds / 1e9;
  const quantiles = [0.5, 0.9, 0.99].map((quantile) => ({
    labels: { quantile: String(quantile) },
    value: seconds(measured.percentile(quantile * 100)),
  }));
  const sum = { suffix: "_sum", value: seconds(measured.mean * measured.count) } as const;
  const count = { suffix: "_count", value: measured.count } as const;
  return [
    {
      name: "bmbridge_event_loop_interval_seconds",
      type: "summary",
      help: "Time between two turns of a timer of 10 ms; what is above that is delay.",
      samples: [...quantiles, sum, count],
    },
    gauge(
      "bmbridge_event_loop_interval_max_seconds",
      "The longest of these times since the start.",
      seconds(measured.max),
    ),
  ];
}

/** As Prometheus' own client libraries name them. */
function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const families = [
    counter("process_cpu_seconds_total", "Processor time, user and system.", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory.", rss),
    gauge("process_heap_bytes", "Memory of JavaScript's heap in use.", heapUsed),
    gauge(
      "process_start_time_seconds",
      "Unix time of the start.",
      Math.round(Date.now() / 1000 - process.uptime()),
    ),
  ];
  const open = openFiles();
  return open === null ? families : [...families, gauge("process_open_fds", "Open file descriptors.", open)];
}

/** Linux alone tells. */
function openFiles(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return null;
  }
}
