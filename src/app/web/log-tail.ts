/** The last lines of the log, for the page. */
import type { LogFields, Logger } from "../../logger.js";
import { prettyLine } from "../log.js";

export interface LogTail {
  /** A logger that writes to the given one, and whose lines are remembered. */
  readonly logger: Logger;
  /** Oldest first. */
  lines(): readonly string[];
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

const MOST_LINES = 500;
const LONGEST_LINE = 2000;

export function keepLogTail(target: Logger, least: Level): LogTail {
  const kept: string[] = [];
  const keep = (level: Level, text: string, fields: LogFields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    kept.push(prettyLine(new Date(), level, text, fields).trimEnd().slice(0, LONGEST_LINE));
    if (kept.length > MOST_LINES) kept.shift();
  };
  const wrap = (inner: Logger, bound: LogFields): Logger => {
    const write = (level: Level) => (text: string, fields?: LogFields) => {
      keep(level, text, { ...bound, ...fields });
      inner[level](text, fields);
    };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: (fields) => wrap(inner.child(fields), { ...bound, ...fields }),
    };
  };
  return { logger: wrap(target, {}), lines: () => kept };
}
