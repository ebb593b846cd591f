/**
 * Sockets that a service manager has opened for us (sd_listen_fds(3)): ports that this user may not listen on.
 * @returns the file descriptor of the socket with that name; null when there is none, or it is meant for another process
 */
export function passedSocket(name: string, environment: NodeJS.ProcessEnv, process: number): number | null {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = environment;
  if (Number(LISTEN_PID) !== process) return null;
  const index = LISTEN_FDNAMES.split(":").indexOf(name);
  return index >= 0 && index < Number(LISTEN_FDS) ? FIRST + index : null;
}

/** After standard input, output and error. */
const FIRST = 3;
