import { describe, expect, test } from '@jest/globals';
import { judgePreview, judgeReplay, judgeVerify } from '../../../../src/hooks/cassandra/integrity.js';
import { corrupted, notNeeded, previewDifferent, previewEqual, replayed } from './output.js';

const lost = { why: 'the connection was lost', known: false };

describe('checks of a restored copy', () => {
  test('replicas that agree in every keyspace', () => {
    expect(judgePreview('x', { lines: previewEqual })).toMatchObject({ outcome: 'Passed' });
  });

  test.each([
    ['one keyspace that differs', { lines: previewDifferent }, 'Unknown', 'stillpoint.rows - 19 ranges'],
    ['a keyspace that says nothing', { lines: previewEqual.slice(0, -5) }, 'Unknown', 'Of 2 comparisons 1'],
    ['no output at all', { lines: [] }, 'Unknown', 'Of 0 comparisons 0'],
    ['nothing to compare', { lines: [notNeeded] }, 'Skipped', 'several replicas'],
    ['a repair that failed', { why: 'ended with 2: error: Repair job has failed', known: true }, 'Unknown', 'Repair job has failed'],
    ['an answer that was lost', lost, 'Unknown', 'lost'],
  ])('replicas: %s', (_, answer, outcome, text) => {
    expect(judgePreview('x', answer)).toMatchObject({ outcome, message: expect.stringContaining(text) });
  });

  test.each([
    ['nothing to complain of', { lines: [] }, 'Passed', 'checksums are right'],
    ['a broken file', { why: corrupted, known: true }, 'Failed', 'integrity check (digest) failed'],
    ['a nodetool without the flags', { why: 'ended with 1: nodetool: Found unexpected parameters: [--force]', known: true }, 'Unknown', 'unexpected parameters'],
    ['an answer that was lost', lost, 'Unknown', 'lost'],
  ])('verify: %s', (_, answer, outcome, text) => {
    expect(judgeVerify('x', answer)).toMatchObject({ outcome, message: expect.stringContaining(text) });
  });

  test.each([
    ['a whole log', { lines: replayed }, 'Passed', 'Log replay complete, 96 replayed mutations'],
    [
      'an end that is torn',
      { lines: ['ERROR [main] 2026-11-24 20:27:12,000 CommitLogReplayer.java:538 - Ignoring commit log replay error likely due to incomplete flush to disk', ...replayed] },
      'Failed',
      'ends in the middle of a write',
    ],
    ['no file', { lines: ['unknown'] }, 'Skipped', 'no system.log'],
    ['a log that says nothing', { lines: [] }, 'Unknown', 'nothing of a replay'],
    ['an answer that was lost', lost, 'Unknown', 'lost'],
  ])('replay: %s', (_, answer, outcome, text) => {
    expect(judgeReplay('x', answer)).toMatchObject({ outcome, message: expect.stringContaining(text) });
  });
});
