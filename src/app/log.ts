/** The program's log: one line each on stderr, for people or for programs. */
import pino from "pino";
import type { LogFields, Logger } from "../logger.js";
import { terminalJson } from "./terminal-text.js";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** The least level that is written; it may be changed while the program runs. */
export interface Threshold {
  level: Level;
}

export function reaches(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

export interface LogOptions {
  readonly threshold: Threshold;
  readonly format: "pretty" | "json" | "auto";
}

export function createLogger({ threshold, format }: LogOptions): Logger {
  const pretty = format === "pretty" || (format === "auto" && process.stderr.isTTY === true);
  const destination = logDestination(2);
  return pretty ? prettyLogger(threshold, {}, destination) : jsonLogger(threshold, destination);
}

/** Octets that wait for a full disk to have room again; what comes then is dropped. */
const MOST_WAITING = 1024 * 1024;

/** Writes at once. What cannot be written, as on a full disk, waits for the next line; it never fails. */
export function logDestination(descriptor: number): pino.DestinationStream {
  const destination = pino.destination({ dest: descriptor, sync: true, maxLength: MOST_WAITING });
  destination.on("error", () => {});
  return destination;
}

/** One JSON document a line, errors with their stack. */
export function jsonLogger(threshold: Threshold, destination: pino.DestinationStream): Logger {
  return wrap(
    threshold,
    pino(
      {
        level: "debug",
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        serializers: { error: pino.stdSerializers.err },
        formatters: { level: (name) => ({ level: name }) },
      },
      destination,
    ),
  );
}

function wrap(threshold: Threshold, target: pino.Logger): Logger {
  const write = (level: Level) => (text: string, fields?: LogFields) => {
    if (reaches(level, threshold.level)) target[level](fields ?? {}, text);
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => wrap(threshold, target.child(fields)),
  };
}

function prettyLogger(threshold: Threshold, bound: LogFields, destination: pino.DestinationStream): Logger {
  const write = (level: Level) => (text: string, fields?: LogFields) => {
    if (!reaches(level, threshold.level)) return;
    destination.write(prettyLine(new Date(), level, text, { ...bound, ...fields }));
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => prettyLogger(threshold, { ...bound, ...fields }, destination),
  };
}

/** One line for people; control characters in values are escaped, so that no peer writes to the terminal. */
export function prettyLine(time: Date, level: Level, text: string, fields: LogFields): string {
  const { room, ...rest } = fields;
  const values = Object.entries(rest).map(([name, value]) => `${name}=${terminalJson(printable(value))}`);
  const head = `${time.toISOString().slice(11, 19)} ${level.padEnd(5)} ${room === undefined ? "" : `${String(room)}: `}`;
  return `${[head + text, ...values].join(" ")}\n`;
}

function printable(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === "bigint" ? value.toString() : value;
}
