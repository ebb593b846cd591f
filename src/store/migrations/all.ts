/** Every migration, in order. One that has been released is never changed. */
import type { Migration } from "../migrate.js";
import { initial } from "./0001-initial.js";
import { properties } from "./0002-properties.js";
import { contactsOfUsers } from "./0003-contacts-of-users.js";
import { owners } from "./0004-owners.js";
import { handovers } from "./0005-handovers.js";
import { retention } from "./0006-retention.js";
import { addressCards } from "./0007-address-cards.js";
import { folders } from "./0008-folders.js";
import { ownObjects } from "./0009-own-objects.js";
import { imports } from "./0010-imports.js";
import { excerpts } from "./0011-excerpts.js";
import { samples } from "./0012-samples.js";
import { correspondents } from "./0013-correspondents.js";
import { secondLooks } from "./0014-second-looks.js";
import { sentObjects } from "./0015-sent-objects.js";
import { endedHandovers } from "./0016-ended-handovers.js";
import { headerKeys } from "./0017-header-keys.js";
import { appPasswords } from "./0018-app-passwords.js";
import { forgetting } from "./0019-forgetting.js";
import { contentChecksums } from "./0020-content-checksums.js";
import { newestThreads } from "./0021-newest-threads.js";

export const migrations: readonly Migration[] = [
  initial,
  properties,
  contactsOfUsers,
  owners,
  handovers,
  retention,
  addressCards,
  folders,
  ownObjects,
  imports,
  excerpts,
  samples,
  correspondents,
  secondLooks,
  sentObjects,
  endedHandovers,
  headerKeys,
  appPasswords,
  forgetting,
  contentChecksums,
  newestThreads,
];
