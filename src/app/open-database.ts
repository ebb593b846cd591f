import { type Database, openDatabase } from "../store/database.js";
import { StoreError } from "../store/store-error.js";
import { CommandError } from "./control/messages.js";

/** As openDatabase, with refusals that are shown as they are. */
export function openOrExplain(path: string): Database {
  try {
    return openDatabase(path);
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw error;
  }
}
