import { append } from "./append.js";
import { authenticate } from "./authenticate.js";
import { capability } from "./capability.js";
import { close, unselect } from "./close.js";
import type { Command } from "./command.js";
import { copy, uidCopy } from "./copy.js";
import { create } from "./create.js";
import { deleteMailbox } from "./delete.js";
import { enable } from "./enable.js";
import { expunge, uidExpunge } from "./expunge.js";
import { fetch, uidFetch } from "./fetch.js";
import { id } from "./id.js";
import { idle } from "./idle.js";
import { list } from "./list.js";
import { login } from "./login.js";
import { logout } from "./logout.js";
import { lsub } from "./lsub.js";
import { move, uidMove } from "./move.js";
import { namespace } from "./namespace.js";
import { check, noop } from "./noop.js";
import { notify } from "./notify.js";
import { rename } from "./rename.js";
import { replace, uidReplace } from "./replace.js";
import { search, uidSearch } from "./search.js";
import { examine, select } from "./select.js";
import { sort, uidSort } from "./sort.js";
import { starttls } from "./starttls.js";
import { status } from "./status.js";
import { store, uidStore } from "./store.js";
import { subscribe, unsubscribe } from "./subscribe.js";
import { thread, uidThread } from "./thread.js";
import { xlist } from "./xlist.js";

/** Every command there is. */
export const COMMANDS: readonly Command[] = [
  capability,
  noop,
  check,
  logout,
  starttls,
  login,
  authenticate,
  id,
  namespace,
  enable,
  select,
  examine,
  create,
  deleteMailbox,
  rename,
  subscribe,
  unsubscribe,
  list,
  lsub,
  xlist,
  status,
  notify,
  append,
  idle,
  close,
  unselect,
  expunge,
  uidExpunge,
  search,
  uidSearch,
  sort,
  uidSort,
  thread,
  uidThread,
  fetch,
  uidFetch,
  store,
  uidStore,
  copy,
  uidCopy,
  move,
  uidMove,
  replace,
  uidReplace,
];

const byName = new Map(COMMANDS.map((command) => [command.name, command]));

/** The command of that name (in capitals, UID forms as `UID FETCH`). */
export function findCommand(name: string): Command | undefined {
  return byName.get(name);
}
