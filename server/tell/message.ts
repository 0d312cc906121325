/** What others can be told. */
export const TELL_EVENTS = ['jobFailed', 'batchDone', 'stateBegan', 'stateEnded'] as const;
export type TellEvent = (typeof TELL_EVENTS)[number];

/** As a webhook gets it: the body of the Standard Webhooks specification. `title` says it in one English sentence. */
export interface Message {
  readonly type: TellEvent;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  readonly data: { readonly title: string } & Readonly<Record<string, unknown>>;
}

/** Longest text of a job or a file that goes into a message. */
const LETTERS = 300;
export const short = (text: string): string => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text);

/** The same for a person: a subject of one line, and every field on a line of its own. */
export function mailText({ timestamp, data }: Message): { readonly subject: string; readonly text: string } {
  const { title, ...fields } = data;
  const lines = Object.entries(fields).flatMap(([name, value]) => linesOf(name, value));
  return {
    subject: `RushCatalog: ${title}`.replaceAll(/\s+/g, ' '),
    text: [`${title}.`, '', ...lines, '', timestamp, ''].join('\n'),
  };
}

function linesOf(name: string, value: unknown): readonly string[] {
  const label = name.replaceAll('_', ' ');
  if (Array.isArray(value)) return [`${label}:`, ...value.map((each) => `  ${String(each)}`)];
  if (typeof value !== 'object' || value === null) return [`${label}: ${String(value)}`];
  return Object.entries(value).flatMap(([inner, each]) => linesOf(inner, each));
}
