import { expect, test } from '@jest/globals';
import { execsWhileHeld, heldBetween } from '../../e2e/kill/execs.js';
import type { Moment } from '../../faults/moments.js';
import type { LoggedRequest } from '../../faults/proxy.js';

const moment = (name: Moment['name'], at: number, when: Moment['when'] = 'before'): Moment => ({ name, when, path: '', at });
const exec = (command: string, at: number): LoggedRequest => ({ method: 'GET', path: `/api/v1/namespaces/shop/pods/db-0/exec?container=db&${command}`, at, code: 101, fault: undefined });
const whole = [moment('exec upgrade', 1), moment('gate sent', 2), moment('freeze sent', 3), moment('frozen seen', 4), moment('release sent', 8), moment('released seen', 9), moment('released seen', 10, 'after')];

test('a window is held from its first impact to its last release', () => {
  expect(heldBetween(whole)).toEqual([{ from: 2, until: 9 }]);
  const two = [moment('exec upgrade', 1), moment('exec upgrade', 1), moment('freeze sent', 2), moment('freeze sent', 3), moment('released seen', 5), moment('released seen', 6)];
  expect(heldBetween(two)).toEqual([{ from: 2, until: 6 }]);
});

test('one that was lost on the way is left out, the next one is not', () => {
  expect(heldBetween([moment('exec upgrade', 1), moment('freeze sent', 2), ...whole.map((m) => ({ ...m, at: m.at + 10 }))])).toEqual([{ from: 12, until: 19 }]);
  expect(heldBetween([moment('exec upgrade', 1)])).toEqual([]);
});

test('programs that were asked for meanwhile are found, holders and what ends them are not', () => {
  const tool = exec('command=sh&command=-c&command=nodetool', 5);
  const others = [exec('command=holder&command=id&command=hold', 5), exec('command=sh&command=id&command=end&command=abort', 5), exec('command=nodetool', 1), exec('command=nodetool', 10)];
  expect(execsWhileHeld(heldBetween(whole), [...others, tool, { ...tool, path: '/api/v1/pods' }])).toEqual([tool.path]);
});
