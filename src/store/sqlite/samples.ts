import type { Database } from "../database.js";
import type { Sample, SampleStore } from "../stores.js";

export class SqliteSampleStore implements SampleStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare("INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?)"),
      since: database.prepare(
        `SELECT time, peers, bytes_received AS bytesReceived, bytes_sent AS bytesSent,
           objects_received AS objectsReceived, objects_sent AS objectsSent, working
         FROM sample WHERE time >= ? ORDER BY time`,
      ),
      removeBefore: database.prepare("DELETE FROM sample WHERE time < ?"),
    };
  }

  add(sample: Sample): void {
    const { time, peers, bytesReceived, bytesSent, objectsReceived, objectsSent, working } = sample;
    const whole = [time, peers, bytesReceived, bytesSent, objectsReceived, objectsSent].map(BigInt);
    this.#statements.add.run(...whole, working);
  }

  since(time: number): readonly Sample[] {
    return this.#statements.since.all(time) as Sample[];
  }

  removeBefore(time: number): void {
    this.#statements.removeBefore.run(time);
  }
}
