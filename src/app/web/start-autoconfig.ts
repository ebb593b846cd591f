import type { HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { formatEndpoint } from "../config/config.js";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not listen on it",
  EADDRINUSE: "another program has it",
  EADDRNOTAVAIL: "there is no such address",
};

/** Resolves with where it listens, or null where the port cannot be had: then clients are set up by hand, and all else works. */
export async function startAutoconfig(server: HttpServer | null, logger: Logger): Promise<string | null> {
  if (server === null) return null;
  try {
    return formatEndpoint(await server.start());
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    logger.info("port 80 of loopback, where Thunderbird looks for settings, is not to be had", { reason });
    return null;
  }
}
