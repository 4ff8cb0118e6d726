import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';

/** A fenced block of a page. */
export interface Fence {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly body: string;
}

/** A page for users, taken apart. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly fences: readonly Fence[];
  /** Texts in backticks outside of fences. */
  readonly inline: readonly string[];
  /** Lines outside of fences. */
  readonly prose: readonly string[];
}

/** An object of an example. */
export interface Example {
  /** Where it stands: page, line, kind and name. */
  readonly where: string;
  readonly object: Manifest;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Files of a folder and all below it whose names end so, sorted. */
export function filesBelow(folder: string, ending: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name)).sort();
}

/** README, SECURITY and everything in docs, sorted. */
export function readPages(): Page[] {
  return ['README.md', 'SECURITY.md', ...filesBelow('docs', '.md')].map((path) => parsePage(path, readFileSync(path, 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { line: number; language: string; body: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const mark = /^```(\w*)\s*$/.exec(line);
    if (open === undefined && mark !== null) open = { line: i + 1, language: mark[1] ?? '', body: [] };
    else if (open === undefined) prose.push(line);
    else if (mark === null) open.body.push(line);
    else {
      fences.push({ page: path, line: open.line, language: open.language, body: open.body.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: a fence is not closed`);
  const inline = prose.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
  return { path, fences, inline, prose };
}

/** Every object in the yaml fences of the pages; values files are none. */
export function examplesIn(pages: readonly Page[]): Example[] {
  return pages
    .flatMap((page) => page.fences)
    .filter((fence) => fence.language === 'yaml' && !isValues(fence))
    .flatMap((fence) => manifests(fence.body, `${fence.page}:${fence.line}`));
}

/** The objects of config/samples. */
export function samples(): Example[] {
  return filesBelow('config/samples', '.yaml').flatMap((path) => manifests(readFileSync(path, 'utf8'), path));
}

/** A yaml fence that is a values file of the chart says so in its first line. */
export function isValues(fence: Fence): boolean {
  return fence.body.startsWith('# values.yaml\n');
}

/** What a reader would type or look up: fences of shell, and texts in backticks. */
export function codeOf(page: Page): string[] {
  return [...page.fences.filter((f) => f.language === 'sh').flatMap((f) => f.body.split('\n').map((line) => line.replace(/\s#.*$/, ''))), ...page.inline];
}

function manifests(text: string, where: string): Example[] {
  return loadAll(text).map((value) => {
    const object = value as Manifest;
    if (typeof object.apiVersion !== 'string' || typeof object.metadata?.name !== 'string') throw new Error(`${where}: not an object of Kubernetes`);
    return { where: `${where} ${object.kind} ${object.metadata.name}`, object };
  });
}
