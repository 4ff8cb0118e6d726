import { expect, test } from '@jest/globals';
import { planText } from '../../../src/cli/plan-text.js';
import type { PlannedObject } from '../../../src/manifests/plan-document.js';

const text = (objects: readonly PlannedObject[], cut = 0): string => planText('what-if', { namespace: 'drill', objects, cut });

test('a plan as a person reads it', () => {
  const objects: PlannedObject[] = [
    { verdict: 'refuse', object: 'claims/data', why: 'exists already' },
    { verdict: 'change', object: 'deployments.apps/web', changes: [{ path: '/spec/template/spec/containers/0/image', from: '"a/web:1"', to: '"b/web:1"' }, { path: '/spec/paused', from: 'true' }, { path: '/metadata/labels/new', to: '"x"' }] },
    { verdict: 'create', object: 'configmaps/conf', manifest: { kind: 'ConfigMap', data: { port: '80', list: ['a'] } } },
    { verdict: 'skip', object: 'services/web', why: 'is there already, the same' },
  ];
  expect(text(objects)).toBe(`what-if: 1 refused, 1 to change, 1 to create, 1 left out in drill

! claims/data: exists already
~ deployments.apps/web
    /spec/template/spec/containers/0/image
      - "a/web:1"
      + "b/web:1"
    /spec/paused
      - true
    /metadata/labels/new
      + "x"

+ configmaps/conf
    kind: ConfigMap
    data:
      port: '80'
      list:
        - a

= services/web: is there already, the same`);
});

test('of a text of several lines only those that differ', () => {
  const change = { path: '/data/app.conf', from: JSON.stringify('a\nb\nc\nd\n'), to: JSON.stringify('a\nB\nbb\nc\nd\n') };
  expect(text([{ verdict: 'change', object: 'configmaps/conf', changes: [change] }]).split('\n').slice(3, -1)).toEqual(['    /data/app.conf', '      - b', '      + B', '      + bb']);
});

test('a value that was cut is shown as far as it goes', () => {
  const change = { path: '/data/a', from: '"x\\ny…', to: '"z"' };
  expect(text([{ verdict: 'change', object: 'configmaps/conf', changes: [change] }])).toContain('      - "x\\ny…\n      + "z"');
});

test('a plan that did not fit says so', () => {
  expect(text([{ verdict: 'create', object: 'configmaps/conf' }], 1)).toMatch(/\+ configmaps\/conf\n\nThe plan was too large: 1 objects are here by name only\.$/);
});
