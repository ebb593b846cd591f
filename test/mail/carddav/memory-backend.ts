/** Address books in memory, for trying the server without a host. */
import type { Book, CardChange, CardDavBackend, StoredCard } from "../../../src/mail/carddav/backend.js";
import { parseVCard, textValues } from "../../../src/mail/carddav/vcard.js";
import type { AuthenticatedUser, Credentials } from "../../../src/mail/sasl.js";

export const PASSWORD = "pass:wörd";

export class MemoryCardDavBackend implements CardDavBackend {
  readonly #changes = new Map<string, CardChange>();
  #revision = 0;
  attempts = 0;

  async authenticate({ username, password }: Credentials): Promise<AuthenticatedUser | null> {
    this.attempts += 1;
    return password === PASSWORD && ["anna", "bert"].includes(username) ? { name: username } : null;
  }

  books(): readonly Book[] {
    return [
      {
        name: "contacts",
        displayName: "Contacts <&>",
        description: "People",
        access: "read-write",
        revision: this.#revision,
      },
      { name: "own", displayName: "Own", description: "Mine", access: "read-only", revision: 0 },
    ];
  }

  card(user: AuthenticatedUser, book: string, name: string): StoredCard | null {
    return this.#changes.get(`${user.name}/${book}/${name}`)?.card ?? null;
  }

  cards(user: AuthenticatedUser, book: string): readonly StoredCard[] {
    return this.#of(user, book).flatMap(({ card }) => card ?? []);
  }

  outlines(user: AuthenticatedUser, book: string) {
    return this.cards(user, book);
  }

  changes(user: AuthenticatedUser, book: string, since: number) {
    if (since > this.#revision) return null;
    const changes = this.#of(user, book).filter(({ revision }) => revision > since);
    return { revision: this.#revision, changes };
  }

  save(user: AuthenticatedUser, book: string, name: string, text: string): StoredCard {
    this.#revision += 1;
    const [uid = ""] = textValues(parseVCard(text), "UID");
    const card = { name, uid, text, revision: this.#revision };
    this.#changes.set(`${user.name}/${book}/${name}`, { name, revision: this.#revision, card });
    return card;
  }

  remove(user: AuthenticatedUser, book: string, name: string): void {
    this.#revision += 1;
    this.#changes.set(`${user.name}/${book}/${name}`, { name, revision: this.#revision, card: null });
  }

  #of(user: AuthenticatedUser, book: string): CardChange[] {
    return [...this.#changes]
      .filter(([path]) => path.startsWith(`${user.name}/${book}/`))
      .map(([, change]) => change)
      .sort((a, b) => a.revision - b.revision);
  }
}
