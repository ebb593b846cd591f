/** The program's log: one line each on stderr, for people or for programs. */
import pino from "pino";
import type { LogFields, Logger } from "../logger.js";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "pretty" | "json" | "auto";
}

export function createLogger(options: LogOptions): Logger {
  const pretty = options.format === "pretty" || (options.format === "auto" && process.stderr.isTTY === true);
  if (pretty) return prettyLogger(options.level, {});
  return jsonLogger(options.level, pino.destination({ dest: 2, sync: true }));
}

/** One JSON document a line, errors with their stack. */
export function jsonLogger(level: LogOptions["level"], destination: pino.DestinationStream): Logger {
  return wrap(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        serializers: { error: pino.stdSerializers.err },
        formatters: { level: (name) => ({ level: name }) },
      },
      destination,
    ),
  );
}

function wrap(target: pino.Logger): Logger {
  return {
    debug: (text, fields) => target.debug(fields ?? {}, text),
    info: (text, fields) => target.info(fields ?? {}, text),
    warn: (text, fields) => target.warn(fields ?? {}, text),
    error: (text, fields) => target.error(fields ?? {}, text),
    child: (fields) => wrap(target.child(fields)),
  };
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

function prettyLogger(level: LogOptions["level"], bound: LogFields): Logger {
  const write = (lineLevel: LogOptions["level"]) => (text: string, fields?: LogFields) => {
    if (LEVELS.indexOf(lineLevel) < LEVELS.indexOf(level)) return;
    process.stderr.write(prettyLine(new Date(), lineLevel, text, { ...bound, ...fields }));
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => prettyLogger(level, { ...bound, ...fields }),
  };
}

/** One line for people; control characters in values are escaped, so that no peer writes to the terminal. */
export function prettyLine(time: Date, level: string, text: string, fields: LogFields): string {
  const { room, ...rest } = fields;
  const values = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(printable(value))}`);
  const head = `${time.toISOString().slice(11, 19)} ${level.padEnd(5)} ${room === undefined ? "" : `${String(room)}: `}`;
  return `${[head + text, ...values].join(" ")}\n`;
}

function printable(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === "bigint" ? value.toString() : value;
}
