import type { KnownNode, KnownNodeStore } from "../../bitmessage/node/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";
import { toInteger } from "./values.js";

interface Row {
  host: string;
  port: number;
  stream: number;
  services: string;
  last_seen: number;
  rating: number;
  self: number;
}

/** A node that stands twice in what is saved is kept as it stands last. */
export class SqliteKnownNodeStore implements KnownNodeStore {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    this.#statements = {
      all: database.prepare("SELECT * FROM known_node ORDER BY host, port, stream"),
      clear: database.prepare("DELETE FROM known_node"),
      insert: database.prepare("INSERT OR REPLACE INTO known_node VALUES (?, ?, ?, ?, ?, ?, ?)"),
    };
  }

  load(): readonly KnownNode[] {
    return (this.#statements.all.all() as Row[]).map((row) => ({
      host: row.host,
      port: row.port,
      stream: row.stream,
      services: BigInt(row.services),
      lastSeen: row.last_seen,
      rating: row.rating,
      self: row.self === 1,
    }));
  }

  save(nodes: readonly KnownNode[]): void {
    this.transactions.run(() => {
      this.#statements.clear.run();
      for (const node of nodes) {
        const { host, port, stream, services, lastSeen, rating, self } = node;
        this.#statements.insert.run(
          host,
          port,
          stream,
          services.toString(),
          lastSeen,
          rating,
          toInteger(self),
        );
      }
    });
  }
}
