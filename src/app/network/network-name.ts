import type { Stores } from "../../store/stores.js";
import { type Config, ConfigError } from "../config/config.js";

const PROPERTY = "network.name";

/**
 * The first start binds the data to its network; ConfigError `network.name` at a start with another one. Peers, objects and keys of two
 * networks would mix, and messages be sent where nobody waits for them.
 */
export function bindNetwork(stores: Pick<Stores, "properties">, { network }: Pick<Config, "network">): void {
  const bound = stores.properties.get(PROPERTY);
  if (bound === null) stores.properties.set(PROPERTY, network.name);
  else if (bound !== network.name) {
    const text = `the data belongs to the network "${bound}", not "${network.name}"; use another data directory for another network`;
    throw new ConfigError(PROPERTY, text);
  }
}
