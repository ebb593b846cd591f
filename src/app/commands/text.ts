/** What commands print about the queue and the node, also by mail. */

export interface QueueRow {
  readonly id: string;
  readonly kind: "msg" | "broadcast";
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly state: string;
  readonly created: number;
  /** Unix seconds of the last change of state. */
  readonly changed: number;
  readonly expires: number | null;
  readonly attempts: number;
  readonly progress: number | null;
  readonly failure?: string;
  readonly estimate?: string;
}

export interface Status {
  readonly peers: readonly {
    address: string;
    inbound: boolean;
    tls: boolean;
    user_agent: string;
    services: number;
    since: number;
  }[];
  readonly inventory: { objects: number; bytes: number };
  readonly queue: Readonly<Record<string, number>>;
  readonly pow: { engine: string; threads: number; trials_per_second: number; working: boolean };
  /** Octets and objects since the start; `objects_pending` have been asked for and not yet come. */
  readonly traffic: {
    bytes_received: number;
    bytes_sent: number;
    objects_received: number;
    objects_sent: number;
    objects_pending: number;
  };
  readonly mail: { users: number; messages: number };
  /** `plain`: not encrypted; `open`: encrypted, and unlocked. */
  readonly keys: "plain" | "open" | "locked";
  /** What is wrong with the disk or the database; `kind` is `full`, `read-only`, `failing` or `damaged`. */
  readonly trouble: { kind: string; text: string; since: number } | null;
  /** By which most peers' clocks are ahead of ours; null while too few have told. */
  readonly clock_offset_seconds?: number | null;
  readonly uptime_seconds: number;
}

/** With progress or reason. */
export function stateText(row: QueueRow): string {
  if (row.progress !== null) return `${row.state} ${Math.floor(row.progress * 100)} %`;
  return row.failure === undefined ? row.state : `${row.state} (${row.failure})`;
}

/** As `status` prints it. */
export function statusLines(status: Status): string[] {
  const queue = Object.entries(status.queue).map(([state, count]) => `${count} ${state}`);
  const { pow, inventory, mail } = status;
  return [
    ...(status.trouble === null ? [] : [`TROUBLE      ${status.trouble.text}`]),
    ...(status.keys === "locked"
      ? ["KEYS         locked; nothing is sent or opened until: bmbridge keys unlock"]
      : []),
    `up           ${duration(status.uptime_seconds)}`,
    `peers        ${status.peers.length}`,
    ...table(
      status.peers.map((peer) => [
        "            ",
        peer.address,
        peer.inbound ? "in" : "out",
        peer.tls ? "tls" : "plain",
        peer.user_agent,
      ]),
    ),
    `inventory    ${inventory.objects} objects, ${(inventory.bytes / 1e6).toFixed(1)} MB`,
    `queue        ${queue.length > 0 ? queue.join(", ") : "empty"}`,
    `work         ${pow.engine}, ${pow.threads} threads, ${(pow.trials_per_second / 1e6).toFixed(2)} million trials/s`,
    `mail         ${mail.messages} messages of ${mail.users} users`,
    ...clockLines(status.clock_offset_seconds ?? 0),
  ];
}

/** Seconds of an offset that a person should know of. */
const NOTABLE_OFFSET = 300;

function clockLines(offset: number): string[] {
  if (Math.abs(offset) < NOTABLE_OFFSET) return [];
  return [
    `clock        WRONG? ${duration(Math.abs(offset))} ${offset > 0 ? "behind" : "ahead of"} the peers'`,
  ];
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  return days > 0
    ? `${days} d ${hours} h`
    : hours > 0
      ? `${hours} h ${minutes} min`
      : `${minutes} min ${Math.floor(seconds % 60)} s`;
}

/** Columns as wide as their widest cell, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
