import type { KafkaNode } from './node.js';

/** Reads what the look program printed; undefined when it is not whole. */
export function parseLook(text: string): Omit<KafkaNode, 'pod' | 'container'> | undefined {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.at(-1) !== 'end') return undefined;
  const properties: Record<string, string> = {};
  const directories: { path: string; meta: Record<string, string> }[] = [];
  const mounts = new Map<string, string>();
  let processName = 'java';
  let tools: KafkaNode['tools'];
  let version: string | undefined;
  for (const line of lines) {
    const [word = '', ...rest] = line.split(' ');
    const value = rest.join(' ');
    const [key, setting] = pair(value);
    if (word === 'property') properties[key] = setting;
    else if (word === 'directory') directories.push({ path: value, meta: {} });
    else if (word === 'meta') Object.assign(directories.at(-1)?.meta ?? {}, { [key]: setting });
    else if (word === 'mount') mounts.set(rest.slice(1).join(' '), rest[0] ?? '');
    else if (word === 'tools') tools = { directory: rest[0] ?? '', suffix: rest[1] ?? '' };
    else if (word === 'version') version ??= value;
    else if (word === 'command') processName = value.split('/').at(-1) ?? value;
  }
  return { properties, directories, mounts, tools, version, processName };
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()];
}
