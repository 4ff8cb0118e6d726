/** What a text of JSON says; undefined when it is none. For what others have written: its shape is still to be checked. Pure. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
