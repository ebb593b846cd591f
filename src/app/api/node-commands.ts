/** The node itself, and trying whether the API answers. */
import type { PeerInfo } from "../../bitmessage/node/ports.js";
import { parseEndpoint } from "../config/config.js";
import type { ApiCommand } from "./context.js";
import { unexpected } from "./errors.js";
import { type RpcValue, typeName } from "./values.js";

export const NODE_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["clientStatus"],
    parameters: [],
    help: "How the node does: connections, objects processed since the start, objects asked for, networkStatus, name and version.",
    run: (_parameters, { node, processed, config }) => {
      const { inbound, outbound, objectsPending } = node.statistics();
      const [, name = "", version = ""] = /^\/([^:/]+):([^/]+)\//.exec(config.node.user_agent) ?? [];
      return {
        networkConnections: inbound + outbound,
        numberOfMessagesProcessed: processed.messages,
        numberOfBroadcastsProcessed: processed.broadcasts,
        numberOfPubkeysProcessed: processed.pubkeys,
        pendingDownload: objectsPending,
        networkStatus: networkStatus(inbound, outbound),
        softwareName: name || "BitmessageBridge",
        softwareVersion: version,
      };
    },
  },
  {
    names: ["listConnections"],
    parameters: [],
    help: "The peers, in the lists inbound and outbound.",
    run(_parameters, { node }) {
      const peers = node.peers();
      return {
        inbound: peers.filter(({ inbound }) => inbound).map(connection),
        outbound: peers.filter(({ inbound }) => !inbound).map(connection),
      };
    },
  },
  {
    names: ["helloWorld"],
    parameters: ["a", "b"],
    help: "The two texts with a hyphen between them.",
    run: (parameters) => `${parameters.text(0)}-${parameters.text(1)}`,
  },
  {
    names: ["add"],
    parameters: ["a", "b"],
    help: "The sum of two numbers.",
    run(parameters) {
      const [a, b] = [parameters.value(0), parameters.value(1)];
      if (typeof a === "number" && typeof b === "number") return a + b;
      if (typeof a === "string" && typeof b === "string") return a + b;
      throw unexpected(`unsupported operand type(s) for +: ${typeName(a)} and ${typeName(b)}`);
    },
  },
  {
    names: ["statusBar"],
    parameters: ["message"],
    help: "Nothing: there is no status bar here.",
    run: () => "success",
  },
  {
    names: ["deleteAndVacuum"],
    parameters: [],
    help: "Empties Trash, with all mail that is in it. The database keeps itself tidy.",
    run(_parameters, { user, sent }) {
      sent.emptyTrash(user);
      return "done";
    },
  },
  {
    names: ["shutdown"],
    parameters: [],
    help: "Ends the program.",
    run(_parameters, { shutDown }) {
      shutDown();
      return "done";
    },
  },
];

function networkStatus(inbound: number, outbound: number): string {
  if (inbound + outbound === 0) return "notConnected";
  return inbound > 0
    ? "connectedAndReceivingIncomingConnections"
    : "connectedButHaveNotReceivedIncomingConnections";
}

function connection({ address, established, userAgent }: PeerInfo): RpcValue {
  const { host = "", port = 0 } = parseEndpoint("", address) ?? {};
  return { host, port, fullyEstablished: established, userAgent };
}
