import { silentLogger } from "../../../src/logger.js";
import type { Backend } from "../../../src/mail/imap/backend.js";
import { MemoryBackend } from "../../../src/mail/imap/memory-backend.js";
import { createImapServer, type ImapServer } from "../../../src/mail/imap/server.js";
import type { ImapServerOptions } from "../../../src/mail/imap/settings.js";
import { play } from "./transcript.js";

export interface TestServer {
  readonly port: number;
  readonly server: ImapServer;
  /** Errors that were logged: there must be none. */
  readonly errors: unknown[];
  /** A transcript whose clients are greeted. */
  play(transcript: string): Promise<void>;
  /** A transcript whose clients have logged in as alice. */
  playAsAlice(transcript: string): Promise<void>;
  /** A transcript whose clients have logged in as alice and have selected INBOX. */
  playInInbox(transcript: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestServer(
  options: Partial<ImapServerOptions> & { backend?: Backend } = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  const logger = {
    ...silentLogger,
    error: (text: string, fields?: unknown) => errors.push([text, fields]),
    child: () => logger,
  };
  const backend =
    options.backend ?? new MemoryBackend({ users: { alice: "secret", bob: "hunter2", Zoë: "pässwörd" } });
  const server = createImapServer({ listen: { host: "127.0.0.1", port: 0 }, logger, ...options, backend });
  const { port } = await server.start();
  return {
    port,
    server,
    errors,
    play: (transcript) => play(port, transcript),
    playAsAlice: (transcript) => play(port, transcript, { begin: ["x1 LOGIN alice secret"] }),
    playInInbox: (transcript) =>
      play(port, transcript, { begin: ["x1 LOGIN alice secret", "x2 SELECT INBOX"] }),
    stop: () => server.stop(),
  };
}
