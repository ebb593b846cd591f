/** The last lines of the log, for the page. */
import type { LogFields, Logger } from "../../logger.js";
import { type Level, prettyLine, reaches, type Threshold } from "../log.js";

export interface LogLine {
  readonly level: Level;
  readonly text: string;
}

export interface LogTail {
  /** A logger that writes to the given one, and whose lines are remembered. */
  readonly logger: Logger;
  /** Of that level and above, oldest first. */
  lines(least: Level): readonly LogLine[];
}

/** Of each level, so that many small things do not push out the one that went wrong. */
const MOST_LINES = 300;
const LONGEST_LINE = 2000;

interface Kept extends LogLine {
  readonly number: number;
}

export function keepLogTail(target: Logger, threshold: Threshold): LogTail {
  const kept: Record<Level, Kept[]> = { debug: [], info: [], warn: [], error: [] };
  let number = 0;
  const keep = (level: Level, text: string, fields: LogFields) => {
    if (!reaches(level, threshold.level)) return;
    const line = prettyLine(new Date(), level, text, fields).trimEnd().slice(0, LONGEST_LINE);
    const lines = kept[level];
    lines.push({ level, text: line, number: number++ });
    if (lines.length > MOST_LINES) lines.shift();
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
  return {
    logger: wrap(target, {}),
    lines: (least) =>
      Object.values(kept)
        .flat()
        .filter(({ level }) => reaches(level, least))
        .sort((first, second) => first.number - second.number),
  };
}
