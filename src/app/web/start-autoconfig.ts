import type { HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { formatEndpoint } from "../config/config.js";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not listen on it",
  EADDRINUSE: "another program has it",
  EADDRNOTAVAIL: "there is no such address",
  EINVAL: "what the service manager passed on is no socket that listens",
};

export interface Autoconfig {
  readonly autoconfig: string | null;
  /** Why it does not listen, although it should. */
  readonly autoconfigMissing: string | null;
}

/** Where it listens, or why the port cannot be had: then clients are set up by hand, and all else works. */
export async function startAutoconfig(server: HttpServer | null, logger: Logger): Promise<Autoconfig> {
  if (server === null) return { autoconfig: null, autoconfigMissing: null };
  try {
    return { autoconfig: formatEndpoint(await server.start()), autoconfigMissing: null };
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    logger.info("port 80 of loopback, where Thunderbird looks for settings, is not to be had", { reason });
    return { autoconfig: null, autoconfigMissing: reason };
  }
}
