import { describe, expect, test } from '@jest/globals';
import type { ApplicationStatus } from '../../../src/api/appsnapshot.js';
import { fail } from '../../../src/api/errors.js';
import { afterStart, filledByServers, workloadsOf } from '../../../src/controllers/apprestore/after-start.js';
import { restoreSet } from '../../../src/controllers/apprestore/restore-set.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { appCopy, appRestore, capture } from './apprestore-fixtures.js';

const made = { volumes: ['data-pg-0', 'wal-pg-0'].map((claim) => ({ claim, snapshot: 'x', phase: 'Bound' as const })) };
const restore = appRestore({}, made);
const application: ApplicationStatus = { name: 'pg', kind: 'Elasticsearch', mechanism: 'Repository', members: [{ pod: 'pg-0', role: 'data', container: 'postgres' }] };
const copy = appCopy({ applications: [application, { name: 'other', kind: 'Generic', mechanism: 'Freezer', members: [{ pod: 'pg-0', role: 'member', container: 'x' }] }] });
const source = { copy, set: restoreSet(restore, copy, capture()), drill: false };

const depsWith = (step: () => Promise<string | undefined>): OperatorDeps =>
  ({ adapters: { Elasticsearch: { afterStart: step } }, caches: { pods: { list: () => [] } }, client: {}, exec: {} }) as unknown as OperatorDeps;
const run = (step: () => Promise<string | undefined>) => afterStart(restore, [application], source, depsWith(step), new AbortController().signal);

describe('servers that bring their data back', () => {
  test('are those copied by their repository all of whose volumes were restored, and are started before the rest', () => {
    expect(filledByServers(restore, source).map((a) => a.name)).toEqual(['pg']);
    expect(filledByServers(appRestore(), source)).toEqual([]);
    const scaled = [{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }, { resource: 'deployments.apps', name: 'writer', replicas: 2 }];
    expect(workloadsOf([application], source, scaled)).toEqual([scaled[0]]);
    expect(workloadsOf([], source, scaled)).toEqual([]);
  });

  test('are waited for, also while they do not answer; whatever else is wrong ends it', async () => {
    expect(await run(() => Promise.resolve(undefined))).toEqual([]);
    expect(await run(() => Promise.resolve('2 of 3 are there'))).toEqual(['2 of 3 are there']);
    expect(await run(() => Promise.reject(fail('ApplicationNotReady', 'No master yet.')))).toEqual(['No master yet.']);
    await expect(run(() => Promise.reject(fail('RestoreFailed', 'It has data.', { retry: 'never' })))).rejects.toMatchObject({ retry: 'never' });
  });
});
