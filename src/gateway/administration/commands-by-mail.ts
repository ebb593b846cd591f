/** Which commands a mail to the bridge holds (MAIL-MAPPING section 9). */

/** The words that the bridge understands; the host provides them. */
export interface CommandLanguage {
  /** Null when the line does not begin with a command. */
  read(line: string): Command | null;
  /** Every command with a sentence, for people. */
  readonly help: string;
}

export interface Command {
  /** The line without secrets. */
  readonly shown: string;
  /** `as-shown` when what was written holds a secret. */
  readonly kept: "as-written" | "as-shown";
  /** Whether it lacks arguments, which another line may give. */
  readonly state: "complete" | "incomplete";
  /**
   * Does it and says what came of it, also when that was nothing.
   * @param about the outbox entry of the report that the mail answers, or null
   */
  run(request: { readonly user: string; readonly about: string | null }): Promise<string>;
}

export interface RequestText {
  /** Decoded, one line. */
  readonly subject: string;
  /** Lines with LF between them. */
  readonly body: string;
}

/** What a request is made of: commands, and the first line that is none. */
export interface ReadRequest {
  readonly commands: readonly Command[];
  /** Null when every line that counts is a command. */
  readonly unknown: string | null;
}

const MOST_COMMANDS = 20;

/**
 * The command of the subject, with what the first line of the text adds to it; where the subject is none, such as in an answer, those at
 * the top of the text, one a line. What is quoted, and everything from the signature on, does not count.
 */
export function readRequest({ subject, body }: RequestText, language: CommandLanguage): ReadRequest {
  const lines = ownLines(body);
  const inSubject = language.read(subject);
  if (inSubject !== null) {
    const more = inSubject.state === "incomplete" ? lines[0] : undefined;
    const whole = more === undefined ? null : language.read(`${subject} ${more}`);
    return { commands: [whole ?? inSubject], unknown: null };
  }
  const commands: Command[] = [];
  for (const line of lines) {
    const command = language.read(line);
    if (command === null) return { commands, unknown: line };
    if (commands.length === MOST_COMMANDS) return { commands, unknown: line };
    commands.push(command);
  }
  return { commands, unknown: commands.length === 0 ? subject : null };
}

/** "On Monday somebody wrote:", in the languages that begin so. */
const ATTRIBUTION = /^(?:on|am|le|el|il|op|den)\s/i;

/** No more than can count. */
function ownLines(body: string): string[] {
  const lines: string[] = [];
  for (const line of body.split("\n").map((text) => text.trim())) {
    const isSeparator = line === "--" || line.startsWith("-----");
    const isAttribution = ATTRIBUTION.test(line) && line.endsWith(":");
    if (isSeparator || isAttribution || line.startsWith(">") || lines.length > MOST_COMMANDS) break;
    if (line !== "") lines.push(line);
  }
  return lines;
}
