interface Entry {
  readonly retry: string;
  readonly meaning: string;
  readonly remedy: string;
}

const repeats: Record<string, string> = {
  backoff: 'with growing delay',
  after: 'after a fixed time, or as soon as something changes',
  never: 'not before the object or its surroundings change',
};

/** The page docs/errors.md of a catalogue, sorted by code. Throws an Error when a retry policy has no words here. */
export function errorsPage(catalogue: Readonly<Record<string, Entry>>): string {
  const rows = Object.entries(catalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { retry, meaning, remedy }]) => {
      const words = repeats[retry];
      if (words === undefined) throw new Error(`${code}: no words for retry ${retry}`);
      return `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} | ${words} |`;
    });
  return `<!-- Made by npm run generate from src/api/errors.ts. Do not edit. -->
# Errors

Each code is the reason of a condition and of an event, and the field \`code\` in the log. The message beside it names the
object or field and the way out. "Repeated" says when the operator tries again by itself.

| Code | Meaning | Way out | Repeated |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
