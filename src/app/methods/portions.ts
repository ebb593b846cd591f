/** Long lists that are fetched in portions: where one ended the next goes on, without a look at what has been fetched already. */

/** Octets after which a portion is full. */
const PORTION = 2_000_000;
/** Whoever has not come back until then begins anew. */
const FORGOTTEN_AFTER_MILLISECONDS = 60_000;

export interface Row<T> {
  readonly value: T;
  /** Where the next portion goes on when this is the last row of one; greater than that of the row before. */
  readonly position: number;
  /** Octets. */
  readonly size: number;
}

interface Course<T> {
  readonly rows: Iterator<Row<T>>;
  readonly position: number;
  readonly end: NodeJS.Timeout;
}

export class Portions<T> {
  readonly #courses = new Map<string, Course<T>>();

  /**
   * The rows behind a position, until there are enough octets; empty at the end. From 0 on the list is made anew; what is added to it while it is
   * fetched may be missing.
   * @param name whose and which list
   * @param from makes the rows behind a position, in their order
   */
  next(name: string, after: number, from: (after: number) => Iterator<Row<T>>): T[] {
    const course = this.#courses.get(name);
    this.#forget(name);
    const rows = after > 0 && course?.position === after ? course.rows : from(after);
    const taken: T[] = [];
    let position = after;
    for (let size = 0; size < PORTION; ) {
      const { done, value } = rows.next();
      if (done) break;
      taken.push(value.value);
      position = value.position;
      size += value.size;
    }
    const end = setTimeout(() => this.#forget(name), FORGOTTEN_AFTER_MILLISECONDS).unref();
    this.#courses.set(name, { rows, position, end });
    return taken;
  }

  #forget(name: string): void {
    clearTimeout(this.#courses.get(name)?.end);
    this.#courses.delete(name);
  }
}
