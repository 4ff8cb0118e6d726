import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { appRestoreSpec } from '../../../src/api/apprestore.js';
import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import { backupTargetSpec } from '../../../src/api/backuptarget.js';
import { quiesceProfileSpec } from '../../../src/api/quiesceprofile.js';
import { storageClusterSpec } from '../../../src/api/storagecluster.js';
import { volumePolicySpec } from '../../../src/api/volumepolicy.js';
import { benchesOn, longSuitesOn, suitesOn } from '../../suites.js';
import { codeOf, examplesIn, filesBelow, readPages, samples, type Page } from './pages.js';

const pages = readPages();
const specs: Readonly<Record<string, typeof appSnapshotSpec | typeof appRestoreSpec | typeof quiesceProfileSpec | typeof volumePolicySpec | typeof storageClusterSpec | typeof backupTargetSpec>> = { AppSnapshot: appSnapshotSpec, AppRestore: appRestoreSpec, QuiesceProfile: quiesceProfileSpec, VolumePolicy: volumePolicySpec, StorageCluster: storageClusterSpec, BackupTarget: backupTargetSpec };
const examples = examplesIn(pages);
const ours = [...examples, ...samples()].filter((e) => e.object.apiVersion.startsWith('stillpoint.dev/'));

/** All that is said in code on all pages, with where. */
const code = pages.flatMap((page) => codeOf(page).map((text) => ({ page: page.path, text })));

/** Everything that a pattern finds in code, as `page: what`. */
function found(pattern: RegExp): { where: string; what: string }[] {
  return code.flatMap(({ page, text }) => [...text.matchAll(pattern)].map(([, what = '']) => ({ where: `${page}: ${what}`, what })));
}

describe('examples', () => {
  test('there are some of each kind', () => {
    expect(new Set(ours.map((e) => e.object.kind))).toEqual(new Set(Object.keys(specs)));
  });

  test.each(ours)('$where is what the schema takes', ({ object }) => {
    const { apiVersion, kind, metadata, spec, ...rest } = object;
    expect(apiVersion).toBe('stillpoint.dev/v1alpha1');
    expect(rest).toEqual({});
    expect(Object.keys(metadata).sort()).toEqual(kind === 'StorageCluster' ? ['name'] : ['name', 'namespace']);
    expect(specs[kind]?.safeParse(spec).error?.issues).toBeUndefined();
    expect(specs[kind]).toBeDefined();
  });

  test('one name is one example wherever it stands', () => {
    for (const a of ours) for (const b of ours) if (a.object.kind === b.object.kind && a.object.metadata.name === b.object.metadata.name) expect(a.object).toEqual(b.object);
  });

  test('every sample is explained on a page', () => {
    const explained = examples.map((e) => e.object);
    for (const { object } of samples()) expect(explained).toContainEqual(object);
  });
});

describe('commands', () => {
  test('every make target exists', () => {
    const targets = new Set([...readFileSync('Makefile', 'utf8').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name));
    const named = found(/\bmake ([a-z][a-z0-9-]*)/g);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ what }) => !targets.has(what))).toEqual([]);
  });

  test('every suite exists', () => {
    const names = new Set([suitesOn('a'), longSuitesOn('a'), benchesOn('a')].flatMap(Object.keys));
    expect(found(/\bSUITE=([a-z0-9-]*[a-z0-9])/g).filter(({ what }) => !names.has(what))).toEqual([]);
  });

  test('every verb and flag of the plugin exists', () => {
    const main = readFileSync('src/cli/main.ts', 'utf8');
    const verbs = new Set([...main.matchAll(/case '([a-z]+)':/g)].map(([, verb]) => verb));
    const flags = new Set([...main.matchAll(/^ {2}'?([a-z-]+)'?: \{ type:/gm)].map(([, flag]) => flag));
    const calls = code.flatMap(({ page, text }) => [...text.matchAll(/kubectl stillpoint(?: -n \S+)? ([a-z]+)(.*)/g)].map(([, verb = '', rest = '']) => ({ page, verb, rest })));
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.filter(({ verb }) => !verbs.has(verb))).toEqual([]);
    const given = calls.flatMap(({ page, rest }) => [...rest.matchAll(/--([a-z-]+)/g)].map(([, flag = '']) => ({ page, flag })));
    expect(given.filter(({ flag }) => !flags.has(flag))).toEqual([]);
  });

  test('every script of npm exists', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    expect(found(/\bnpm run (?:--silent )?([a-z]+)/g).filter(({ what }) => scripts[what] === undefined)).toEqual([]);
  });

  test('every cluster role that is bound is made by the chart or by Kubernetes', () => {
    const chart = filesBelow('charts/stillpoint/templates/rbac', '.yaml').map((path) => readFileSync(path, 'utf8')).join('\n');
    const roles = new Set([...chart.matchAll(/^kind: ClusterRole\nmetadata:\n {2}name: (\S+)/gm)].map(([, name]) => name));
    const bound = found(/--clusterrole=([a-z-]+)/g);
    expect(bound.length).toBeGreaterThan(2);
    expect(bound.filter(({ what }) => !roles.has(what) && what !== 'admin')).toEqual([]);
  });
});

/** As GitHub makes anchors of headings. */
function anchors(page: Page): Set<string> {
  const headings = page.prose.flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? []);
  return new Set(headings.map((text) => text.toLowerCase().replace(/[^a-z0-9 _-]/g, '').replaceAll(' ', '-')));
}

function linkProblem(page: Page, link: string): string | undefined {
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? page.path : normalize(join(dirname(page.path), target));
  if (!existsSync(path)) return `${page.path}: ${link} leads nowhere`;
  const to = pages.find((p) => p.path === path);
  if (anchor === undefined) return undefined;
  const known = to ?? readPagesAt(path);
  return anchors(known).has(anchor) ? undefined : `${page.path}: ${link} has no such heading`;
}

/** A page that is not for users but linked to, such as a README of a folder. */
function readPagesAt(path: string): Page {
  return { path, fences: [], inline: [], prose: readFileSync(path, 'utf8').split('\n') };
}

describe('references', () => {
  test.each(pages)('$path: every relative link resolves', (page) => {
    const links = page.prose.flatMap((line) => [...line.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)).filter((link) => !/^[a-z]+:/.test(link));
    expect(links.flatMap((link) => linkProblem(page, link) ?? [])).toEqual([]);
  });

  test.each(pages)('$path: every path of the repository in backticks exists', (page) => {
    const roots = ['.ci', 'charts', 'config', 'crds', 'docs', 'image', 'src', 'test', 'tools'];
    const made = ['dist/', 'test/.artifacts'];
    const paths = page.inline.filter((text) => roots.some((root) => text.startsWith(`${root}/`)) && /^[\w./-]+$/.test(text) && !made.some((m) => text.startsWith(m)));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('every page of docs is reached from README', () => {
    const reached = new Set<string>(['README.md']);
    for (const path of reached) {
      const page = pages.find((p) => p.path === path);
      for (const [, link = ''] of (page?.prose.join('\n') ?? '').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) reached.add(normalize(join(dirname(path), link)));
    }
    expect(pages.filter((page) => !reached.has(page.path)).map((page) => page.path)).toEqual([]);
  });
});
