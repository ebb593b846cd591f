import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { type ConnectionRules, SubmissionConnection } from "./connection.js";

/** smtp-server with our connections, and an end that is quiet when it resolves. */
export class ListeningServer extends SMTPServer {
  /** Those that are being closed too, which `connections` does not have. */
  private readonly open = new Set<SubmissionConnection>();

  constructor(
    options: SMTPServerOptions,
    private readonly rules: ConnectionRules,
  ) {
    super(options);
  }

  override connect(...[socket, options]: Parameters<SMTPServer["connect"]>): void {
    if (this.connections.size >= this.rules.maximumConnections) this.makeRoom();
    const connection: SubmissionConnection = new SubmissionConnection(this, socket, options, {
      rules: this.rules,
      closed: () => this.open.delete(connection),
    });
    this.connections.add(connection);
    this.open.add(connection);
    connection.on("error", (error: Error) => this._onError(error));
    connection.init();
  }

  /** The one that has waited longest without a login goes, so that a crowd of strangers locks nobody out. */
  private makeRoom(): void {
    for (const connection of this.open) {
      if (!connection.dropStranger()) continue;
      this.connections.delete(connection);
      return;
    }
  }

  /** Node crashes when a socket that is destroyed already is wrapped in TLS. */
  override _upgrade(...[socket, callback]: Parameters<SMTPServer["_upgrade"]>): void {
    if (socket.destroyed) {
      callback(new Error("The connection was closed before TLS began."));
      return;
    }
    // The socket of TLS, not the one below it: its handshake, however slowly it goes on.
    const deadline = setTimeout(() => this._pendingSockets.get(socket)?.destroy(), this.rules.loginTime);
    super._upgrade(socket, (...outcome) => {
      clearTimeout(deadline);
      callback(...outcome);
    });
  }

  /** Says good-bye to the client of that session, after what is just being done for it. */
  endSession(session: object, reason: string): void {
    for (const connection of this.open) if (connection.session === session) connection.end(reason);
  }

  /** Takes no more connections and resolves when all are closed: at the latest, by force, after so many milliseconds. */
  drain(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        for (const connection of this.open) connection._socket.destroy();
      }, milliseconds);
      // Called back as well when it was not listening.
      this.server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      for (const socket of this._pendingSockets.values()) socket.destroy();
      for (const connection of [...this.open]) connection.drain();
    });
  }
}
