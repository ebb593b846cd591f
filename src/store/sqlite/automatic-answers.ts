import type { AutomaticAnswerLog } from "../../gateway/ports.js";
import type { Database } from "../database.js";

export class SqliteAutomaticAnswerLog implements AutomaticAnswerLog {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare("INSERT INTO automatic_answer (user, correspondent, time) VALUES (?, ?, ?)"),
      count: database
        .prepare("SELECT count(*) FROM automatic_answer WHERE user = ? AND correspondent = ? AND time > ?")
        .pluck(),
      removeBefore: database.prepare(
        `DELETE FROM automatic_answer
         WHERE id IN (SELECT id FROM automatic_answer WHERE time < ? ORDER BY time LIMIT ?)`,
      ),
      removeUser: database.prepare("DELETE FROM automatic_answer WHERE user = ?"),
    };
  }

  add(user: string, correspondent: string, time: number): void {
    this.#statements.add.run(user, correspondent, time);
  }

  countAfter(user: string, correspondent: string, time: number): number {
    return this.#statements.count.get(user, correspondent, time) as number;
  }

  removeBefore(time: number, limit: number): number {
    return this.#statements.removeBefore.run(time, limit).changes;
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
